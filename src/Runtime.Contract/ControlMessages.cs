using System.Text.Json.Serialization;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Contract;

/// <summary>
/// What server and supervisor say to each other: one JSON document a SOCK_SEQPACKET message, fds beside it by SCM_RIGHTS.
/// <code>
/// server                         supervisor
///   | CreateRequest [root, volumes]  |     first message, on fd 3
///   |------------------------------->|
///   |        CreatedReply | ErrorReply
///   |&lt;-------------------------------|     after ErrorReply the supervisor has cleaned up and exits
///   | StartRequest                   |
///   |------------------------------->|     OkReply | ErrorReply
///   | KillRequest, ReopenLogRequest  |     OkReply | ErrorReply
///   | ExecRequest [0, 1, 2]          |     ExecStartedReply [terminal] | ErrorReply, later ExecExitedEvent
///   | ExecKillRequest                |     OkReply
///   | AttachRequest [0, 1, 2]        |     OkReply | ErrorReply, later AttachEndedEvent
///   | ResizeRequest                  |     OkReply | ErrorReply
///   |            ExitedEvent         |     to every connection; the exit record is on disk by then, then the supervisor exits
///   |&lt;-------------------------------|
/// </code>
/// A server that restarts connects to <see cref="StateLayout.ControlSocket"/>. Replies carry the request's <see cref="Sequence"/>, events 0.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(CreateRequest), "create")]
[JsonDerivedType(typeof(StartRequest), "start")]
[JsonDerivedType(typeof(KillRequest), "kill")]
[JsonDerivedType(typeof(ReopenLogRequest), "reopen-log")]
[JsonDerivedType(typeof(ExecRequest), "exec")]
[JsonDerivedType(typeof(ExecKillRequest), "exec-kill")]
[JsonDerivedType(typeof(AttachRequest), "attach")]
[JsonDerivedType(typeof(ResizeRequest), "resize")]
[JsonDerivedType(typeof(ConnectRequest), "connect")]
[JsonDerivedType(typeof(SandboxRequest), "sandbox")]
[JsonDerivedType(typeof(DumpRequest), "dump")]
[JsonDerivedType(typeof(ReleaseRequest), "release")]
[JsonDerivedType(typeof(OkReply), "ok")]
[JsonDerivedType(typeof(ErrorReply), "error")]
[JsonDerivedType(typeof(CreatedReply), "created")]
[JsonDerivedType(typeof(ExecStartedReply), "exec-started")]
[JsonDerivedType(typeof(SandboxReply), "sandbox-ready")]
[JsonDerivedType(typeof(ExitedEvent), "exited")]
[JsonDerivedType(typeof(ExecExitedEvent), "exec-exited")]
[JsonDerivedType(typeof(AttachEndedEvent), "attach-ended")]
[JsonDerivedType(typeof(HeldEvent), "held")]
public abstract record ControlMessage
{
    public long Sequence { get; init; }

    /// <summary>fd number of the first connection in a freshly started `supervise` or `sandbox` process.</summary>
    public const int InitialFd = 3;
}

/// <summary>
/// Makes the container whose bundle (config.json) lies in <paramref name="Folder"/>, up to the gate before its program. With fds:
/// the detached mount to use as its root, then those that stand for the sources <see cref="StateLayout.ContainerVolume"/> 0, 1, … of the
/// spec's mounts; without, the spec's root path.
/// </summary>
/// <param name="Folder">Absolute path of the container's state folder; the supervisor's control socket and records go there.</param>
/// <param name="LogPath">Absolute path of the CRI log file, or null for none.</param>
/// <param name="MaxLogLineBytes">Longer lines are split and marked P.</param>
/// <param name="OpenStdin">Keep the program's stdin open for attach; otherwise it reads /dev/null.</param>
/// <param name="StdinOnce">The end of the first attached client's input is the end of the program's; never with a terminal.</param>
/// <param name="Runtime">Who makes the container; null: the supervisor's own program.</param>
/// <param name="LogFolder">Folder at or above the log's: below it no symbolic link is followed. Null: the log's own.</param>
public sealed record CreateRequest(
    string ContainerId, string Folder, string? LogPath, int MaxLogLineBytes, bool OpenStdin, bool StdinOnce, string? LogFolder = null,
    ExternalRuntime? Runtime = null) : ControlMessage;

/// <summary>Another OCI runtime, to make the container and its processes by its command line.</summary>
/// <param name="Binary">Absolute path.</param>
/// <param name="Root">Where it keeps its states; null: in the container's folder.</param>
/// <param name="Arguments">Before the command.</param>
public sealed record ExternalRuntime(string Binary, string? Root = null, IReadOnlyList<string>? Arguments = null);

/// <summary>Opens the gate: the container init executes the user's program.</summary>
public sealed record StartRequest : ControlMessage;

/// <param name="Signal">Number.</param>
/// <param name="All">Every process of the container's cgroup, not the init alone.</param>
public sealed record KillRequest(int Signal, bool All) : ControlMessage;

/// <summary>The log file was renamed: go on in a new one at the same path.</summary>
public sealed record ReopenLogRequest : ControlMessage;

/// <summary>
/// Runs a process in the container. With fds 0, 1, 2 (three always; /dev/null where not wanted), which the supervisor passes on and
/// closes. With a terminal (process.terminal) without fds: the reply brings the terminal's master.
/// </summary>
/// <param name="OutlivesServer">Goes on when the connection that it was asked on ends; otherwise it is then killed with all its descendants.</param>
public sealed record ExecRequest(string ExecId, ProcessSpec Process, bool OutlivesServer = false) : ControlMessage
{
    /// <summary>The process as the message spells it; only where it was received.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> ProcessJson { get; init; }
}

/// <summary>Kills an exec'd process and all its descendants (SIGKILL).</summary>
public sealed record ExecKillRequest(string ExecId) : ControlMessage;

/// <summary>
/// Joins a client to the container's own streams, from this moment on. With one fd for each stream that is asked for, in this order: the
/// read end of a pipe for stdin, the write ends of pipes for stdout and stderr (with a terminal all output is stdout). The client is
/// attached as long as another end of them is open; a pipe that is full when there is output ends it (<see cref="AttachEndedEvent"/>).
/// </summary>
public sealed record AttachRequest(string AttachId, bool Stdin, bool Stdout, bool Stderr) : ControlMessage;

/// <summary>Sets the size of the container's terminal, in characters. Nothing without one.</summary>
public sealed record ResizeRequest(int Rows, int Columns) : ControlMessage;

/// <summary>
/// To a `dial` process, which is in the right network namespace: connect to a TCP port of its loopback, IPv4 then IPv6. The OkReply brings
/// the connected socket; the process then ends.
/// </summary>
public sealed record ConnectRequest(int Port) : ControlMessage;

/// <summary>
/// To a `dump` process: save a running container's processes to files by criu. They stand from <see cref="HeldEvent"/> to the answer to it, a
/// <see cref="ReleaseRequest"/>; the end of the connection is one that discards. The reply comes when they go on.
/// </summary>
/// <param name="Folder">The container's state folder, with its config.json.</param>
/// <param name="ImagePath">A folder for the processes' files; it is made.</param>
/// <param name="WorkPath">A folder for dump.log and stats-dump; it is made.</param>
/// <param name="Criu">Absolute path of the program.</param>
public sealed record DumpRequest(
    string ContainerId, string Folder, int InitPid, string CgroupPath, string ImagePath, string WorkPath, string Criu) : ControlMessage;

/// <summary>Lets the processes that a `dump` saved go on. It may come before they are saved, to give it up.</summary>
/// <param name="Discard">What was saved is not wanted: the dump fails.</param>
public sealed record ReleaseRequest(bool Discard) : ControlMessage;

/// <summary>
/// To a `sandbox` process: make the asked namespaces, set them up (loopback, host name, sysctls), pin them. It then exits, unless a PID
/// namespace is asked: then it stays as that namespace's reaping init.
/// </summary>
/// <param name="Pins">Namespace type (net ipc uts user pid) to the path of its pin; a missing type is not made.</param>
/// <param name="CgroupPath">Cgroup of the PID namespace's init; null without one.</param>
/// <param name="SharedMemoryPath">Where to mount the pod's /dev/shm tmpfs; null for none.</param>
public sealed record SandboxRequest(
    string SandboxId,
    IReadOnlyDictionary<string, string> Pins,
    string? Hostname,
    IReadOnlyDictionary<string, string>? Sysctls,
    IReadOnlyList<IdMapping>? UidMappings,
    IReadOnlyList<IdMapping>? GidMappings,
    string? CgroupPath,
    string? SharedMemoryPath,
    long SharedMemoryBytes) : ControlMessage
{
    /// <summary>SELinux context of the shared memory; null: none.</summary>
    public string? MountLabel { get; init; }
}

public sealed record OkReply : ControlMessage;

public sealed record ErrorReply(RuntimeError Error) : ControlMessage;

public sealed record CreatedReply(SupervisorRecord Supervisor) : ControlMessage;

/// <summary>With one fd where a terminal was asked for: its master.</summary>
public sealed record ExecStartedReply(string ExecId, int Pid) : ControlMessage;

/// <summary>With one fd where a network namespace was made: a NETLINK_ROUTE socket that lives in it.</summary>
/// <param name="InitPid">Of the PID namespace's init, 0 without one.</param>
public sealed record SandboxReply(int InitPid, ulong InitStartTime) : ControlMessage;

public sealed record ExitedEvent(ExitRecord Exit) : ControlMessage;

public sealed record ExecExitedEvent(string ExecId, int ExitCode, int Signal) : ControlMessage;

/// <param name="Error">Why the supervisor gave the client up; null: the client left, or the container ended.</param>
public sealed record AttachEndedEvent(string AttachId, string? Error) : ControlMessage;

/// <summary>A `dump` process has saved the container's processes and holds them still.</summary>
public sealed record HeldEvent : ControlMessage;
