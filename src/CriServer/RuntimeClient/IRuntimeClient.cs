using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>Starts the processes of the runtime and speaks to them.</summary>
internal interface IRuntimeClient
{
    /// <summary>Starts a supervisor that has no container yet: its start takes as long as the container's root and spec.</summary>
    /// <param name="folder">The container's folder, which exists.</param>
    Task<INewSupervisor> StartSupervisorAsync(string folder);

    /// <summary>Connects to the supervisor of an earlier server's container; null when there is none any more.</summary>
    Task<ISupervisor?> ConnectAsync(string containerId, SupervisorRecord record, CancellationToken cancellationToken);

    /// <summary>Makes and pins a sandbox's namespaces.</summary>
    Task<SandboxProcess> CreateSandboxAsync(SandboxRequest request, CancellationToken cancellationToken);

    /// <summary>Connects to a TCP port of a loopback, IPv4 then IPv6.</summary>
    /// <param name="networkNamespace">Path of its pin; null: the host's.</param>
    /// <returns>The connected socket.</returns>
    /// <exception cref="RuntimeException">With the errno where nobody listens (ECONNREFUSED) or the namespace is gone (ENOENT).</exception>
    Task<SafeFileHandle> DialAsync(string? networkNamespace, ushort port, CancellationToken cancellationToken);

    /// <summary>Saves a running container's processes to files. Ends when they go on, however it ends.</summary>
    /// <param name="whileHeld">Called when all is saved: the processes stand until it has ended.</param>
    /// <exception cref="RuntimeException">FailedPrecondition: criu cannot work here.</exception>
    Task DumpAsync(DumpRequest request, Func<CancellationToken, Task> whileHeld, CancellationToken cancellationToken);
}

/// <summary>What was made.</summary>
/// <param name="InitPid">Of the PID namespace's init, 0 without one.</param>
/// <param name="Netlink">A NETLINK_ROUTE socket in the new network namespace; null where none was made.</param>
internal sealed record SandboxProcess(int InitPid, ulong InitStartTime, SafeFileHandle? Netlink) : IDisposable
{
    public void Dispose() => Netlink?.Dispose();
}
