using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Init;

/// <summary>The descriptors that came with the set-up, in the order of <see cref="InitMessage.Setup"/>.</summary>
/// <param name="Listener">Connection to the seccomp agent, where the filter has a listener.</param>
/// <param name="Sources">Of bind mounts, by their place in the spec; those that are missing are to be opened by path.</param>
internal sealed record InitDescriptors(
    SafeFileHandle? Rootfs,
    SeqPacketSocket? Gate,
    SafeFileHandle? Listener,
    InheritedFds Preserved,
    IReadOnlyDictionary<int, SafeFileHandle> Sources)
{
    public static InitDescriptors From(IReadOnlyList<SafeFileHandle> fds, InitSetup setup, InitChannel channel)
    {
        var next = 0;
        var rootfs = setup.HasRootfs ? fds[next++] : null;
        var gate = setup.HasGate ? new SeqPacketSocket(fds[next++]) : null;
        var listener = setup.ListenerState.Length > 0 ? fds[next++] : null;
        var preserved = new InheritedFds([.. Enumerable.Range(0, setup.PreservedFds).Select(i => (3 + i, fds[next + i]))]);
        var sources = new Dictionary<int, SafeFileHandle>();
        while (sources.Count < setup.Sources.Count && channel.Receive() is { Kind: InitMessage.Sources } batch)
        {
            foreach (var source in batch.Fds)
            {
                sources.Add(setup.Sources[sources.Count], source);
            }
        }

        return new InitDescriptors(rootfs, gate, listener, preserved, sources);
    }
}
