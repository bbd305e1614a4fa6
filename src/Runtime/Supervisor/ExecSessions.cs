using CriShim.Linux;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Logging;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>The exec'd processes of the container.</summary>
internal sealed class ExecSessions(EpollLoop loop, SupervisedContainer container, RuntimeLog problems, Action onExited)
{
    private const int StdioCount = 3;

    private readonly List<ExecSession> _sessions = [];
    private long _leafNumber;

    public bool AnyRunning => _sessions.Exists(session => session.IsRunning);

    public bool Has(int pid) => _sessions.Exists(session => session.IsRunning && session.Process.Pid == pid);

    /// <summary>Throws <see cref="RuntimeException"/> when the process cannot be started; nothing is left of it then.</summary>
    /// <param name="stdio">Three descriptors, none with a terminal; they stay the caller's.</param>
    public Answer Start(ExecRequest request, IReadOnlyList<SafeFileHandle> stdio, ControlConnection owner)
    {
        RefuseUnlessPossible(request, stdio.Count);
        RemoveEnded();
        var leaf = container.CreateLeaf($"exec-{++_leafNumber}");
        try
        {
            var (process, terminal) = container.Exec(request, stdio, leaf);
            var session = new ExecSession(request.ExecId, process, leaf, owner, request.OutlivesServer);
            _sessions.Add(session);
            loop.Add(session.Process.PidFd.Handle, EpollEvents.Read, _ => OnExited(session));
            return new Answer(new ExecStartedReply(session.Id, session.Process.Pid), terminal);
        }
        catch
        {
            leaf?.Remove();
            throw;
        }
    }

    /// <summary>Kills the tree of an exec'd process. One that is gone is no error.</summary>
    public void Kill(string execId)
    {
        Find(execId)?.Kill();
        RemoveEnded();
    }

    /// <summary>For the end of the container: forgets all, whose leaves are removed with the container's cgroup.</summary>
    public void Forget()
    {
        foreach (var session in _sessions)
        {
            Unwatch(session);
        }

        _sessions.Clear();
    }

    /// <summary>A server is gone, and so is whoever waited for these.</summary>
    public void KillThoseOf(ControlConnection owner)
    {
        foreach (var session in _sessions)
        {
            if (session.Owner == owner && session.IsRunning && !session.OutlivesOwner)
            {
                session.Kill();
            }
        }
    }

    private ExecSession? Find(string execId) => _sessions.Find(session => session.Id == execId);

    private void RefuseUnlessPossible(ExecRequest request, int descriptors)
    {
        var needed = request.Process.Terminal ? 0 : StdioCount;
        if (descriptors != needed)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to exec \"{request.ExecId}\": {descriptors} descriptors, not {needed}");
        }

        if (Find(request.ExecId) is not null)
        {
            throw new RuntimeException(RuntimeErrorKind.AlreadyExists, $"failed to exec \"{request.ExecId}\": the id is in use");
        }

        if (container.IsPaused)
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"failed to exec \"{request.ExecId}\": the container is paused");
        }
    }

    private void OnExited(ExecSession session)
    {
        var exited = session.Reap();
        Unwatch(session);
        RemoveEnded();
        session.Owner.Send(exited);
        onExited();
    }

    private void Unwatch(ExecSession session)
    {
        if (!session.Process.PidFd.Handle.IsClosed)
        {
            loop.Remove(session.Process.PidFd.Handle);
            session.Process.Dispose();
        }
    }

    /// <summary>
    /// Forgets sessions of which nothing runs any more. What a session left behind in the background stays under its id, so that it
    /// can still be killed.
    /// </summary>
    private void RemoveEnded()
    {
        for (var i = _sessions.Count - 1; i >= 0; i--)
        {
            var session = _sessions[i];
            if (!session.IsRunning && session.Leaf?.IsPopulated() != true)
            {
                _sessions.RemoveAt(i);
                RemoveLeaf(session);
            }
        }
    }

    private void RemoveLeaf(ExecSession session)
    {
        try
        {
            session.Leaf?.Remove();
        }
        catch (Exception e) when (Failures.IsExpected(e))
        {
            // It goes with the container's cgroup.
            problems.Warning($"failed to remove cgroup of exec \"{session.Id}\": {e.Message}");
        }
    }
}
