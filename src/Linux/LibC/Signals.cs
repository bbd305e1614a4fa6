using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>signal.h. Declarations only; names and constants as in C.</summary>
public static partial class Signals
{
    public const int SIGKILL = 9;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int sig);
}
