using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>signal.h. Declarations only; names and constants as in C.</summary>
public static partial class Signals
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGQUIT = 3;
    public const int SIGKILL = 9;
    public const int SIGUSR1 = 10;
    public const int SIGUSR2 = 12;
    public const int SIGPIPE = 13;
    public const int SIGALRM = 14;
    public const int SIGTERM = 15;
    public const int SIGXFSZ = 25;

    public const nint SIG_DFL = 0;
    public const nint SIG_IGN = 1;
    public const nint SIG_ERR = -1;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int sig);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint signal(int signum, nint handler);
}
