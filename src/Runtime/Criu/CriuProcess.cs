using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Pipes;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Criu;

/// <summary>
/// criu(8) as a worker for one request: `criu swrk` with a seqpacket socket, on which it tells of every step and waits for leave to go on.
/// <code>
/// us                         criu
///  | criu_req DUMP/RESTORE --> |
///  | &lt;-- criu_resp NOTIFY      |   script, pid; with "orphan-pts-master" the terminal's master beside it
///  | criu_req NOTIFY --------> |   leave, or none: then it undoes what it did, and fails
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
    private const int ErrorFd = 2;
    private const int Notify = 6;

    /// <summary>From its being told that nothing can be written any more to its violent end: undoing takes it milliseconds.</summary>
    private static readonly TimeSpan s_undoLimit = TimeSpan.FromSeconds(3);

    private readonly SeqPacketSocket _socket;
    private readonly ChildProcess _process;
    private readonly SafeFileHandle? _errors;
    private readonly Lock _reaping = new();
    private volatile bool _abandoned;
    private bool _reaped;

    private CriuProcess(SeqPacketSocket socket, ChildProcess process, SafeFileHandle? errors)
    {
        _socket = socket;
        _process = process;
        _errors = errors;
    }

    public int Pid => _process.Pid;

    /// <param name="program">A path, or a name for PATH.</param>
    /// <param name="fds">What a request refers to by number, and its stdio where that is not /dev/null.</param>
    public static CriuProcess Start(string program, IReadOnlyList<(int Number, SafeFileHandle Source)> fds)
    {
        var search = Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin";
        var path = program.Contains('/') ? Path.GetFullPath(program) : search.Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        if (path is null || !File.Exists(path))
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"failed to start \"{program}\": criu is not installed (see --criu)");
        }

        // What stops it before it has a log: a kernel beyond it.
        var errors = fds.Any(item => item.Number == ErrorFd) ? null : Check.Result(memfd_create("criu", MFD_CLOEXEC), "memfd_create");
        var (ours, theirs) = SeqPacketSocket.CreatePair();
        using (theirs)
        {
            OwnProcess.Ignore(SIGXFSZ);
            return new CriuProcess(ours, ChildProcess.Start(new ChildProcessOptions(path, [path, "swrk", $"{SocketFd}"])
            {
                Environment = ["PATH=" + search],
                Fds = [(SocketFd, theirs.Handle), .. errors is null ? fds : fds.Append((ErrorFd, errors))],
                InheritedSignals = [SIGXFSZ],
            }), errors);
        }
    }

    /// <summary>
    /// Sends a request and follows it to its end. Throws <see cref="RuntimeException"/> when criu does not succeed; the cause is in its log.
    /// FailedPrecondition: it cannot work on this machine.
    /// </summary>
    /// <param name="onStep">Told of each step; what is beside a notification is its to close. False: criu must not go on.</param>
    public CriuAnswer Run(int type, ProtoWriter options, string log, Func<CriuAnswer, SafeFileHandle?, bool> onStep)
    {
        _socket.Send(new ProtoWriter().Number(1, type).Message(2, options).ToArray());
        while (true)
        {
            var packet = _socket.Receive()!;
            if (packet.IsEnd)
            {
                throw Ended(log);
            }

            var answer = CriuAnswer.Read(packet.Bytes);
            if (answer.Notification is not null)
            {
                var goesOn = onStep(answer, packet.Fds.Count > 0 ? packet.Fds[0] : null) && !_abandoned;
                _socket.Send(new ProtoWriter().Number(1, Notify).Switch(3, goesOn).ToArray());
            }
            else
            {
                packet.Dispose();
                return answer.Success ? answer : throw new RuntimeException(
                    RuntimeErrorKind.Unknown, $"criu failed: {CriuLog.FindCause(log) ?? answer.Error ?? "no reason given"}");
            }
        }
    }

    /// <summary>A question with one answer.</summary>
    public CriuAnswer Ask(ProtoWriter request)
    {
        _socket.Send(request.ToArray());
        using var packet = _socket.Receive()!;
        return packet.IsEnd ? throw Ended(log: null) : CriuAnswer.Read(packet.Bytes);
    }

    /// <summary>
    /// Has a dump fail, from another thread than <see cref="Run"/>'s: nothing that criu writes from now on is taken, so that it gives the
    /// processes back as they were; when it does not end, it is ended, and the kernel lets them go (its own code in them then leaves by itself).
    /// </summary>
    public void Abandon()
    {
        _abandoned = true;
        PidFd? process;
        lock (_reaping)
        {
            process = _reaped ? null : PidFd.Open(Pid);
            if (process is not null)
            {
                FileSizeLimit.Forbid(Pid);
            }
        }

        using (process)
        {
            if (process is not null && !ProcessEnd.Wait(process, s_undoLimit))
            {
                process.SendSignal(SIGKILL);
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _process.PidFd.SendSignal(SIGKILL);
        lock (_reaping)
        {
            _process.PidFd.Reap();
            _reaped = true;
        }

        _process.Dispose();
        _errors?.Dispose();
    }

    private RuntimeException Ended(string? log)
    {
        if (log is not null && CriuLog.FindCause(log) is { } cause)
        {
            return new RuntimeException(RuntimeErrorKind.Unknown, $"criu ended: {cause}");
        }

        var said = _errors is null ? [] : ReadErrors(_errors).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var reason = said.FirstOrDefault(line => line.Contains("Error (", StringComparison.Ordinal)) ?? said.FirstOrDefault() ?? "it ended without a word";
        return new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"criu cannot work on this machine: {reason}");
    }

    private static string ReadErrors(SafeFileHandle file)
    {
        Span<byte> bytes = new byte[Math.Min(RandomAccess.GetLength(file), 64 * 1024)];
        return System.Text.Encoding.UTF8.GetString(bytes[..RandomAccess.Read(file, bytes, 0)]);
    }
}
