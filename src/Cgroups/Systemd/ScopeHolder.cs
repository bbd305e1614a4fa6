using CriShim.Linux;
using static CriShim.Linux.LibC.Processes;
using static CriShim.Linux.LibC.Signals;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Cgroups.Systemd;

/// <summary>
/// systemd makes no scope without a process in it, and forgets one that is empty. This one sleeps there until the container's own has been
/// cloned into the cgroup; it also ends with its parent, and holds nothing open.
/// </summary>
internal sealed class ScopeHolder : IDisposable
{
    private const int AllFds = int.MaxValue;
    private ClonedProcess? _process;

    public ScopeHolder()
    {
        using var program = new SyscallProgram();
        program.Call("end with the parent", SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);

        // Closes the pipe that reports failures too, as an execve would: CloneExec then returns.
        program.Call("close_range", SYS_close_range, 0, AllFds);
        program.Call("pause", SYS_pause);
        _process = CloneExec.Start(program, new CloneOptions());
    }

    public int Pid => _process?.Pid ?? throw new ObjectDisposedException(nameof(ScopeHolder));

    public void Dispose()
    {
        _process?.PidFd.SendSignal(SIGKILL);
        _process?.PidFd.Reap();
        _process?.Dispose();
        _process = null;
    }
}
