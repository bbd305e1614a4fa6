using System.Globalization;
using static CriShim.Linux.LibC.PidFds;
using static CriShim.Linux.LibC.Processes;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Linux;

/// <summary>Properties of the calling process. Throws <see cref="LinuxException"/>.</summary>
public static class OwnProcess
{
    private const string OomScorePath = "/proc/self/oom_score_adj";

    /// <summary>In its own PID namespace, now: a process that is a copy of another one has its memory of it too.</summary>
    public static int Id => getpid();

    public static uint EffectiveUser => geteuid();

    public static uint EffectiveGroup => getegid();

    /// <summary>In the PID namespace of the procfs mounted there.</summary>
    public static int IdIn(string procfs) => int.Parse(new FileInfo(Path.Join(procfs, "self")).LinkTarget!, CultureInfo.InvariantCulture);

    /// <summary>Out of reach of the terminal's signals: in a session of its own, unless it leads one already (setsid(2)).</summary>
    public static void LeaveSession() => Check.Tolerate(setsid(), Errno.EPERM, "setsid");

    /// <summary>/proc/PID/comm, whatever name it was executed by; 15 bytes of it (prctl(2)).</summary>
    public static unsafe void SetName(ReadOnlySpan<byte> name)
    {
        // SAFETY: the kernel copies 16 bytes at most, up to the zero.
        fixed (byte* text = name)
        {
            Check.Result(prctl(PR_SET_NAME, (nuint)text, 0, 0, 0), "prctl(PR_SET_NAME)");
        }
    }

    /// <summary>Nobody but root may read its memory or /proc/PID/exe, whatever user namespace they are root in (prctl(2)).</summary>
    public static void MakeUndumpable() => Check.Result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)");

    /// <summary>Descendants whose parent ends become its children, where no PID namespace's init is nearer.</summary>
    public static void BecomeSubreaper() => Check.Result(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)");

    /// <summary>Sets signals to SIG_IGN. Children inherit that over an execve, so what they execute must be given SIG_DFL back.</summary>
    public static void Ignore(params ReadOnlySpan<int> signals)
    {
        foreach (var number in signals)
        {
            Check.Result(signal(number, SIG_IGN) == SIG_ERR ? -1 : 0, "signal");
        }
    }

    /// <summary>
    /// /proc/self/oom_score_adj. Without CAP_SYS_RESOURCE it cannot be lowered: setting it then does nothing (proc_pid_oom_score_adj(5)).
    /// </summary>
    public static int OomScore
    {
        get => int.Parse(File.ReadAllText(OomScorePath), CultureInfo.InvariantCulture);
        set
        {
            try
            {
                File.WriteAllText(OomScorePath, value.ToString(CultureInfo.InvariantCulture));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not permitted: as it was.
            }
        }
    }

    /// <summary>Gives free memory of malloc(3) back to the kernel.</summary>
    public static void TrimHeap() => _ = LibC.Malloc.malloc_trim(0);

    /// <summary>Pid of a child that has ended and was not collected, left to be collected; 0 when there is none.</summary>
    public static unsafe int FindEndedChild()
    {
        siginfo_t info = default;

        // SAFETY: info is a whole siginfo_t.
        return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 ? info.si_pid : 0;
    }

    /// <summary>Collects a child found by <see cref="FindEndedChild"/>.</summary>
    public static unsafe void Collect(int pid)
    {
        siginfo_t info = default;

        // SAFETY: as above. A child collected meanwhile (ECHILD) is what was wanted.
        _ = waitid(P_PID, pid, &info, WEXITED | WNOHANG | __WALL);
    }
}
