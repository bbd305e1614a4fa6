namespace CriShim.Runtime.Init;

/// <summary>
/// The first byte of a message between a container's creator and its init.
/// <code>
/// creator                                     init
///   | Cgroups [up to 16]                        |   v1 hierarchies to join; the last batch has less than 16
///   |------------------------------------------>|
///   |            Mounted                        |   only where the creator has hooks to run at that point
///   |&lt;------------------------------------------|
///   | HooksDone                                 |
///   |------------------------------------------>|   pivot_root
///   |            Ready [terminal's master]      |   waits at the gate
///   |&lt;------------------------------------------|
///   | Start      (or from a connection to the gate's socket, then the answer goes there)
///   |------------------------------------------>|
///   |            End: execve closed the channel |
///   |&lt;------------------------------------------|   at any time instead: Error, and the init ends
/// </code>
/// </summary>
internal enum InitMessage : byte
{
    /// <summary>The other side has closed.</summary>
    End = 0,
    Cgroups = 1,
    Mounted = 2,
    HooksDone = 3,
    Ready = 4,
    Start = 5,
    Error = 6,
}
