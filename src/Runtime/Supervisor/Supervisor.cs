using CriShim.Linux;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Logging;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// Stands behind one container from its creation to its end, whatever becomes of the server. One thread, one loop; these are all the
/// events there are:
/// <list type="table">
/// <item><term>a connection can be read or written, or is gone</term><description><see cref="ControlConnection"/>, then <see cref="OnPacket"/></description></item>
/// <item><term>a server connects</term><description><see cref="ControlServer"/></description></item>
/// <item><term>stdout or stderr can be read</term><description><see cref="StdioPump"/>, to attached clients and the log</description></item>
/// <item><term>an attached client has written, or left</term><description><see cref="ContainerInput"/>, <see cref="AttachedClient"/></description></item>
/// <item><term>an exec'd process has ended</term><description><see cref="ExecSessions"/></description></item>
/// <item><term>the container init has ended</term><description><see cref="ExitDrain"/>, then <see cref="OnDrained"/></description></item>
/// <item><term>an OOM kill, a limit was hit</term><description><see cref="OomWatch"/>, where the cgroup may be gone before it is asked</description></item>
/// <item><term>a timer</term><description>of the drain, of idle memory, of orphans, of the OOM watch</description></item>
/// </list>
/// </summary>
internal sealed class Supervisor : IDisposable
{
    private static readonly TimeSpan s_orphanPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(1);

    private readonly CreateRequest _request;
    private readonly TimeProvider _time;
    private readonly RuntimeLog _problems;
    private readonly EpollLoop _loop = new();
    private readonly ControlServer _control;
    private readonly SupervisedContainer _container;
    private readonly CriLogWriter _log;
    private readonly ContainerTerminal? _terminal;
    private readonly ContainerInput _input;
    private readonly AttachSessions _attached;
    private readonly StdioPump _stdio;
    private readonly ExecSessions _execs;
    private readonly ExitDrain _drain;
    private readonly LoopTimer _orphanTimer;
    private readonly LoopTimer _idleTimer;
    private ProcessExit _exit;
    private long _startedAt;
    private long _finishedAt;

    /// <summary>Takes over a container that was created, with the supervisor's ends of its stdio.</summary>
    private Supervisor(CreateRequest request, SupervisedContainer container, ContainerStdio stdio, CriLogWriter log, TimeProvider time, RuntimeLog problems)
    {
        _request = request;
        _container = container;
        _log = log;
        _time = time;
        _problems = problems;
        _execs = new ExecSessions(_loop, container, problems, () => _drain!.Check());
        _control = new ControlServer(_loop, OnPacket, _execs.KillThoseOf);
        _terminal = container.TakeTerminal();
        _input = MakeInput(stdio);
        _attached = new AttachSessions(_loop, _input);
        _stdio = MakePump(stdio);
        _drain = new ExitDrain(_loop, container, _stdio, _execs, time, OnDrained);
        _orphanTimer = _loop.CreateTimer(OnOrphanTimer);
        _idleTimer = _loop.CreateTimer(IdleMemory.Release);
        _loop.Add(container.PidFd.Handle, EpollEvents.Read, _ => OnInitExited());
        if (container.Oom is { } oom)
        {
            OomWatch.Begin(_loop, oom, () => _ = container.WasOomKilled(problems));
        }

        if (container.SharesHostPids || request.Runtime is not null)
        {
            _orphanTimer.Start(s_orphanPeriod);
        }
    }

    /// <summary>Makes the container; throws, with everything undone, when that fails.</summary>
    /// <param name="mounts">As <see cref="CreateRequest"/> says.</param>
    public static Supervisor Create(CreateRequest request, IReadOnlyList<SafeFileHandle> mounts, TimeProvider time, RuntimeLog problems)
    {
        var log = new CriLogWriter(request.LogPath, request.MaxLogLineBytes, time, problems, request.LogFolder);
        using var stdio = ContainerStdio.Create(request.OpenStdin);
        SupervisedContainer? container = null;
        try
        {
            container = SupervisedContainer.Create(request, mounts, stdio);
            stdio.CloseContainerEnds();
            return new Supervisor(request, container, stdio, log, time, problems);
        }
        catch
        {
            container?.Destroy();
            log.Dispose();
            throw;
        }
    }

    /// <summary>Serves until the container has ended and everybody was told.</summary>
    /// <param name="first">The connection that the creation was asked on; <paramref name="sequence"/> is the request's.</param>
    public void Run(ControlChannel first, long sequence)
    {
        try
        {
            _control.Listen(Path.Combine(_request.Folder, StateLayout.ControlSocket));
            var record = new SupervisorRecord(
                Environment.ProcessId, ProcStat.Read(Environment.ProcessId)!.Value.StartTime, _container.Pid, _container.StartTime);
            AtomicFile.Write(Path.Combine(_request.Folder, StateLayout.SupervisorRecordFile), ControlWriter.Write(record), durable: false);
            _control.Add(first).Send(new CreatedReply(record) { Sequence = sequence });
        }
        catch
        {
            _container.Destroy();
            throw;
        }

        _idleTimer.Start(s_idle);
        Serve();
        _control.Flush(_time);
    }

    public void Dispose()
    {
        _orphanTimer.Stop();
        _execs.Forget();
        _attached.Dispose();
        _input.Dispose();
        _stdio.Dispose();
        _terminal?.Dispose();
        _log.Dispose();
        _control.Dispose();
        _container.Dispose();
        _loop.Dispose();
    }

    private ContainerInput MakeInput(ContainerStdio stdio) => _terminal is null
        ? new ContainerInput(_loop, stdio.TakeIn(), _request.StdinOnce)
        : new ContainerInput(_loop, _request.OpenStdin ? _terminal.Duplicate() : null, endsWithFirst: false);

    private StdioPump MakePump(ContainerStdio stdio) => _terminal is null
        ? new StdioPump(_loop, _log, _attached, stdio.TakeOut(), stdio.TakeError(), () => _drain!.Check())
        : new StdioPump(_loop, _log, _attached, _terminal.Duplicate(), null, () => _drain!.Check());

    /// <summary>Whatever goes wrong with one event, the container keeps its supervisor.</summary>
    private void Serve()
    {
        for (var over = false; !over;)
        {
            try
            {
                _loop.Run();
                over = true;
            }
            catch (Exception e) when (Failures.IsExpected(e))
            {
                _problems.Error($"failed to handle an event of container \"{_request.ContainerId}\": {e.Message}");
            }
        }
    }

    private void OnPacket(ControlConnection connection, Packet packet)
    {
        _idleTimer.Start(s_idle);
        using (packet)
        {
            var sequence = 0L;
            try
            {
                var request = ControlReader.Read(packet.Bytes);
                sequence = request.Sequence;
                var (reply, fd) = Handle(request, packet.Fds, connection);
                connection.Send(reply with { Sequence = sequence }, fd);
            }
            catch (Exception e) when (Failures.IsExpected(e))
            {
                connection.Send(new ErrorReply(Failures.Describe(e)) { Sequence = sequence });
                CollectOrphans();
            }
        }
    }

    private Answer Handle(ControlMessage request, IReadOnlyList<SafeFileHandle> fds, ControlConnection connection)
    {
        switch (request)
        {
            case StartRequest:
                Start();
                return Answer.Ok;
            case KillRequest kill:
                _container.Kill(kill.Signal, kill.All);
                return Answer.Ok;
            case ReopenLogRequest:
                _log.Reopen();
                return Answer.Ok;
            case ExecRequest exec when _startedAt == 0 || _drain.HasBegun:
                throw NotRunning($"exec \"{exec.ExecId}\" in");
            case ExecRequest exec:
                return _execs.Start(exec, fds, connection);
            case ExecKillRequest kill:
                _execs.Kill(kill.ExecId);
                return Answer.Ok;
            case AttachRequest attach when _drain.HasBegun:
                throw NotRunning($"attach \"{attach.AttachId}\" to");
            case AttachRequest attach:
                _attached.Attach(attach, fds, connection);
                return Answer.Ok;
            case ResizeRequest size:
                _terminal?.Resize(size.Rows, size.Columns);
                return Answer.Ok;
            default:
                throw new RuntimeException(RuntimeErrorKind.InvalidArgument, "failed to handle control message: not one for a supervisor");
        }
    }

    private void Start()
    {
        if (_startedAt != 0 || _drain.HasBegun)
        {
            throw new RuntimeException(
                RuntimeErrorKind.FailedPrecondition, $"failed to start container \"{_request.ContainerId}\": it was started before or has ended");
        }

        _container.Start();
        _startedAt = UnixNanoseconds();
    }

    private RuntimeException NotRunning(string verb) => new(
        RuntimeErrorKind.FailedPrecondition, $"failed to {verb} container \"{_request.ContainerId}\": it is not running");

    private void OnInitExited()
    {
        _ = _container.WasOomKilled(_problems);
        _loop.Remove(_container.PidFd.Handle);
        _exit = _container.PidFd.TryReap() ?? default;
        _finishedAt = UnixNanoseconds();
        _terminal?.ReleaseSlave();
        _drain.Begin();
    }

    /// <summary>The order matters: OOM count before its cgroup goes, record before anybody is told, nothing left when they are.</summary>
    private void OnDrained()
    {
        var exit = new ExitRecord(_exit.ExitCode, _exit.Signal, _container.WasOomKilled(_problems), _startedAt, _finishedAt);
        WriteExitRecord(exit);
        _attached.Dispose();
        _execs.Forget();
        _container.Delete(_problems);
        _control.Broadcast(new ExitedEvent(exit));
        _loop.Stop();
    }

    private void WriteExitRecord(ExitRecord exit)
    {
        try
        {
            AtomicFile.Write(Path.Combine(_request.Folder, StateLayout.ExitRecordFile), ControlWriter.Write(exit), durable: false);
        }
        catch (Exception e) when (Failures.IsExpected(e))
        {
            _problems.Error($"failed to write exit record of container \"{_request.ContainerId}\": {e.Message}");
        }
    }

    /// <summary>
    /// In the host's PID namespace what loses its parent becomes a child of this process (a subreaper), and so does what another runtime
    /// leaves of a command that failed: its container's PID namespace cannot end before that is collected. By timer: SIGCHLD may be taken
    /// by a thread of the .NET runtime that does not block it.
    /// </summary>
    private void CollectOrphans()
    {
        // A child that is watched is collected through its pidfd, and hides others until then.
        for (var pid = OwnProcess.FindEndedChild(); pid != 0 && pid != _container.Pid && !_execs.Has(pid); pid = OwnProcess.FindEndedChild())
        {
            OwnProcess.Collect(pid);
        }
    }

    private void OnOrphanTimer()
    {
        CollectOrphans();
        _orphanTimer.Start(s_orphanPeriod);
    }

    private long UnixNanoseconds() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
