using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>The connection to one container's supervisor. Failures: <see cref="RuntimeException"/>; a lost connection is Unavailable.</summary>
internal interface ISupervisor : IDisposable
{
    SupervisorRecord Record { get; }

    /// <summary>How the container ended; null when the connection broke before that was said.</summary>
    Task<ExitRecord?> Exited { get; }

    /// <summary>Opens the gate: the program begins.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <param name="all">Every process of the container, not its first alone.</param>
    Task KillAsync(int signal, bool all, CancellationToken cancellationToken);

    Task ReopenLogAsync(CancellationToken cancellationToken);

    /// <summary>Runs a process in the container, on descriptors that the caller still owns afterwards.</summary>
    /// <returns>The end of the process, to be awaited.</returns>
    Task<Task<ExecExitedEvent>> ExecAsync(ExecRequest request, IReadOnlyList<SafeFileHandle> stdio, CancellationToken cancellationToken);

    /// <summary>Kills an exec'd process with all its descendants.</summary>
    Task ExecKillAsync(string execId, CancellationToken cancellationToken);
}
