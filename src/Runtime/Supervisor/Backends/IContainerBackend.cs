using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor.Backends;

/// <summary>
/// Who makes the supervised container and starts processes in it: this program, or another OCI runtime's. All else (streams, log, exit,
/// cgroup) is the supervisor's, the same for both: every process is a child of it. Throws <see cref="RuntimeException"/>.
/// </summary>
internal interface IContainerBackend : IDisposable
{
    /// <summary>Of the container's init, which waits for <see cref="Start"/>.</summary>
    int Pid { get; }

    /// <summary>Field 22 of the init's /proc/PID/stat.</summary>
    ulong StartTime { get; }

    PidFd PidFd { get; }

    Spec Spec { get; }

    ICgroupManager Cgroup { get; }

    /// <summary>Master of the container's terminal where the spec asks for one; the caller's to close.</summary>
    SafeFileHandle? Console { get; }

    /// <summary>Runs the user's program.</summary>
    void Start();

    /// <summary>A cgroup of its own for a process to be exec'd and all that it starts; null where there is none.</summary>
    CgroupLeaf? CreateLeaf(string name);

    /// <param name="process">With an OOM score; a terminal is made where it asks for one.</param>
    /// <param name="json">The process as its request spelled it.</param>
    /// <param name="stdio">Its 0, 1 and 2, which stay the caller's; none with a terminal.</param>
    StartedProcess Exec(ProcessSpec process, ReadOnlyMemory<byte> json, IReadOnlyList<SafeFileHandle> stdio, CgroupLeaf? leaf);

    /// <summary>To the init; one that has ended is no error.</summary>
    void Signal(int signal);

    /// <summary>Removes what is left of a container whose init has ended or is ending. Returns what went wrong with its hooks.</summary>
    IReadOnlyList<RuntimeException> Delete();
}

/// <summary>A process in the container.</summary>
/// <param name="Terminal">Its terminal's master, or null; the caller's.</param>
internal sealed record StartedProcess(ClonedProcess Process, SafeFileHandle? Terminal);
