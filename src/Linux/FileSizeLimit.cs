using static CriShim.Linux.LibC.Processes;

namespace CriShim.Linux;

/// <summary>RLIMIT_FSIZE of another process (prlimit(2)).</summary>
public static class FileSizeLimit
{
    /// <summary>
    /// Every further write to a file fails for the process: with EFBIG where it ignores SIGXFSZ, otherwise it ends. One that is gone is no error.
    /// </summary>
    public static unsafe void Forbid(int pid) =>
        // SAFETY: the old limit is not asked for.
        Check.Tolerate(prlimit(pid, RLIMIT_FSIZE, new rlimit_t { rlim_cur = 0, rlim_max = 0 }, null), Errno.ESRCH, "prlimit(RLIMIT_FSIZE)");
}
