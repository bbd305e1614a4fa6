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
        // The first step is before anything is done: what fails earlier is criu itself.
        var hasBegun = type != Dump;
        Send(new ProtoWriter().Number(1, type).Message(2, options));
        while (true)
        {
            if (Receive() is not { } packet)
            {
                throw Failure(hasBegun, CriuLog.FindCause(log));
            }

            var answer = CriuAnswer.Read(packet.Bytes);
            if (answer.Notification is not null)
            {
                hasBegun = true;
                var goesOn = onStep(answer, packet.Fds.Count > 0 ? packet.Fds[0] : null) && !_abandoned;
                Send(new ProtoWriter().Number(1, Notify).Switch(3, goesOn));
            }
            else
            {
                packet.Dispose();
                return answer.Success ? answer : throw Failure(hasBegun, CriuLog.FindCause(log) ?? answer.Error);
            }
        }
    }

    /// <summary>A question with one answer.</summary>
    public CriuAnswer Ask(ProtoWriter request)
    {
        Send(request);
        using var packet = Receive();
        return packet is null ? throw Failure(hasBegun: false, cause: null) : CriuAnswer.Read(packet.Bytes);
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

    /// <summary>To one that has ended too: <see cref="Receive"/> tells.</summary>
    private void Send(ProtoWriter message)
    {
        try
        {
            _socket.Send(message.ToArray());
        }
        catch (LinuxException e) when (e.Errno is Errno.EPIPE or Errno.ECONNRESET)
        {
            // Nobody reads it.
        }
    }

    /// <summary>Null when it has ended.</summary>
    private Packet? Receive()
    {
        try
        {
            return _socket.Receive() is { IsEnd: false } packet ? packet : null;
        }
        catch (LinuxException e) when (e.Errno == Errno.ECONNRESET)
        {
            return null;
        }
    }

    private RuntimeException Failure(bool hasBegun, string? cause)
    {
        cause ??= _errors is null ? null : CriuLog.FindCause(ReadErrors(_errors).Split('\n'));
        return hasBegun
            ? new RuntimeException(RuntimeErrorKind.Unknown, $"criu failed: {cause ?? "it gave no reason"}")
            : new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"criu cannot work on this machine: {cause ?? "it ended without a word"}");
    }

    private static string ReadErrors(SafeFileHandle file)
    {
        Span<byte> bytes = new byte[Math.Min(RandomAccess.GetLength(file), 64 * 1024)];
        return System.Text.Encoding.UTF8.GetString(bytes[..RandomAccess.Read(file, bytes, 0)]);
    }
}
