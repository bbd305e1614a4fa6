using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Criu;

/// <summary>
/// criu(8) as a worker for one request: `criu swrk` with a seqpacket socket, on which it tells of every step and waits for leave to go on.
/// <code>
/// us                         criu
///  | criu_req DUMP/RESTORE --> |
///  | &lt;-- criu_resp NOTIFY      |   script, pid; with "orphan-pts-master" the terminal's master beside it
///  | criu_req NOTIFY --------> |
///  |          …                |
///  | &lt;-- criu_resp             |   success, and what was made
/// </code>
/// </summary>
internal sealed class CriuProcess : IDisposable
{
    /// <summary>First number for further descriptors of <see cref="Start"/>.</summary>
    public const int FirstFreeFd = SocketFd + 1;

    public const int Dump = 1;
    public const int Restore = 2;
    public const int PreDump = 4;

    private const int SocketFd = 3;
    private const int Notify = 6;

    private readonly SeqPacketSocket _socket;
    private readonly ChildProcess _process;

    private CriuProcess(SeqPacketSocket socket, ChildProcess process)
    {
        _socket = socket;
        _process = process;
    }

    public int Pid => _process.Pid;

    /// <param name="program">A path, or a name for PATH.</param>
    /// <param name="fds">Its stdio and what a request refers to by number.</param>
    public static CriuProcess Start(string program, IReadOnlyList<(int Number, SafeFileHandle Source)> fds)
    {
        var search = Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin";
        var path = program.Contains('/') ? Path.GetFullPath(program) : search.Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        if (path is null || !File.Exists(path))
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"failed to start \"{program}\": criu is not installed (see --criu)");
        }

        var (ours, theirs) = SeqPacketSocket.CreatePair();
        using (theirs)
        {
            return new CriuProcess(ours, ChildProcess.Start(new ChildProcessOptions(path, [path, "swrk", $"{SocketFd}"])
            {
                Environment = ["PATH=" + search],
                Fds = [(SocketFd, theirs.Handle), .. fds],
            }));
        }
    }

    /// <summary>
    /// Sends a request and follows it to its end. Throws <see cref="RuntimeException"/> when criu does not succeed; the cause is in its log.
    /// </summary>
    /// <param name="onStep">Told of each step; what is beside a notification is its to close.</param>
    public CriuAnswer Run(int type, ProtoWriter options, string log, Action<CriuAnswer, SafeFileHandle?> onStep)
    {
        _socket.Send(new ProtoWriter().Number(1, type).Message(2, options).ToArray());
        while (true)
        {
            var packet = _socket.Receive()!;
            var answer = packet.IsEnd ? new CriuAnswer(false, 0, null, "it ended") : CriuAnswer.Read(packet.Bytes);
            if (answer.Notification is not null)
            {
                onStep(answer, packet.Fds.Count > 0 ? packet.Fds[0] : null);
                _socket.Send(new ProtoWriter().Number(1, Notify).Switch(3, true).ToArray());
            }
            else
            {
                packet.Dispose();
                return answer.Success ? answer : throw new RuntimeException(
                    RuntimeErrorKind.Unknown, $"criu failed: {FindCause(log) ?? answer.Error ?? "no reason given"} (see {log})");
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _process.PidFd.SendSignal(SIGKILL);
        _process.PidFd.Reap();
        _process.Dispose();
    }

    /// <summary>The last error of the log but for the general ones that follow it: "Dumping FAILED.".</summary>
    private static string? FindCause(string log) => !File.Exists(log) ? null : File.ReadLines(log).LastOrDefault(
        line => line.Contains("Error (", StringComparison.Ordinal) && !line.Contains("FAILED", StringComparison.Ordinal));
}
