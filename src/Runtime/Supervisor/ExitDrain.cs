using CriShim.Linux;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// From the end of the container init to the end of its container: kills what is left in the cgroup, and waits until the log is
/// drained and exec'd processes are collected. Bounded: a process outside the cgroup may hold a pipe for ever.
/// <code>
/// init has ended -> kill the cgroup -> both pipes at their end, no exec running -> over
///                                   -> cgroup empty for <see cref="s_afterEmpty"/>   -> over
///                                   -> <see cref="s_limit"/>                          -> over
/// </code>
/// </summary>
internal sealed class ExitDrain
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_afterEmpty = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly SupervisedContainer _container;
    private readonly StdioPump _stdio;
    private readonly ExecSessions _execs;
    private readonly TimeProvider _time;
    private readonly Action _onOver;
    private readonly LoopTimer _stepTimer;
    private long _begin;
    private long _emptySince;
    private bool _over;

    public ExitDrain(EpollLoop loop, SupervisedContainer container, StdioPump stdio, ExecSessions execs, TimeProvider time, Action onOver)
    {
        _container = container;
        _stdio = stdio;
        _execs = execs;
        _time = time;
        _onOver = onOver;
        _stepTimer = loop.CreateTimer(OnStep);
    }

    public bool HasBegun => _begin != 0;

    public void Begin()
    {
        _begin = _time.GetTimestamp();
        if (_container.HasProcesses)
        {
            _container.KillRest();
        }

        Check();
        if (!_over)
        {
            _stepTimer.Start(s_step);
        }
    }

    /// <summary>To be called when a pipe has ended or an exec'd process was collected.</summary>
    public void Check()
    {
        if (HasBegun && _stdio.Ended && !_execs.AnyRunning)
        {
            End();
        }
    }

    private void OnStep()
    {
        if (_container.HasProcesses)
        {
            // What was forked while the last kill went through its list.
            _container.KillRest();
            _emptySince = 0;
        }
        else if (_emptySince == 0)
        {
            _emptySince = _time.GetTimestamp();
        }

        var emptyFor = _emptySince == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_emptySince);
        if (emptyFor >= s_afterEmpty || _time.GetElapsedTime(_begin) >= s_limit)
        {
            End();
        }
        else
        {
            _stepTimer.Start(s_step);
        }
    }

    private void End()
    {
        if (!_over)
        {
            _over = true;
            _stepTimer.Stop();
            _stdio.Finish();
            _onOver();
        }
    }
}
