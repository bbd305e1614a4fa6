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
    Task<StartedExec> ExecAsync(ExecRequest request, IReadOnlyList<SafeFileHandle> stdio, CancellationToken cancellationToken);

    /// <summary>Kills an exec'd process with all its descendants.</summary>
    Task ExecKillAsync(string execId, CancellationToken cancellationToken);

    /// <summary>Joins a client to the container's own streams, through pipes whose ends here the caller still owns afterwards.</summary>
    /// <returns>The end of the attachment, to be awaited; never, when the connection is lost.</returns>
    Task<Task<AttachEndedEvent>> AttachAsync(AttachRequest request, IReadOnlyList<SafeFileHandle> pipes, CancellationToken cancellationToken);

    /// <summary>Sets the size of the container's terminal; nothing without one.</summary>
    Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken);
}

/// <summary>A process that runs in the container.</summary>
/// <param name="Ended">Its end, to be awaited.</param>
/// <param name="Terminal">The master of the terminal that was asked for, the receiver's; otherwise null.</param>
internal sealed record StartedExec(Task<ExecExitedEvent> Ended, SafeFileHandle? Terminal);
