using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>Starts the processes of the runtime and speaks to them.</summary>
internal interface IRuntimeClient
{
    /// <summary>Starts a supervisor and has it make the container, up to the gate before its program.</summary>
    /// <param name="rootfs">Detached mount to use as the container's root; null: the spec's root path.</param>
    Task<ISupervisor> CreateContainerAsync(CreateRequest request, SafeFileHandle? rootfs, CancellationToken cancellationToken);

    /// <summary>Connects to the supervisor of an earlier server's container; null when there is none any more.</summary>
    Task<ISupervisor?> ConnectAsync(string containerId, SupervisorRecord record, CancellationToken cancellationToken);

    /// <summary>Makes and pins a sandbox's namespaces.</summary>
    Task<SandboxProcess> CreateSandboxAsync(SandboxRequest request, CancellationToken cancellationToken);
}

/// <summary>What was made.</summary>
/// <param name="InitPid">Of the PID namespace's init, 0 without one.</param>
/// <param name="Netlink">A NETLINK_ROUTE socket in the new network namespace; null where none was made.</param>
internal sealed record SandboxProcess(int InitPid, ulong InitStartTime, SafeFileHandle? Netlink) : IDisposable
{
    public void Dispose() => Netlink?.Dispose();
}
