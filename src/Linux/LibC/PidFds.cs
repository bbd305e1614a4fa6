using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux.LibC;

/// <summary>sys/pidfd.h, sys/wait.h: processes by descriptor. Declarations only; names and constants as in C.</summary>
public static unsafe partial class PidFds
{
    public const int P_ALL = 0;
    public const int P_PID = 1;
    public const int P_PIDFD = 3;

    public const int WNOHANG = 0x1;
    public const int WEXITED = 0x4;
    public const int WNOWAIT = 0x01000000;
    public const int __WALL = 0x40000000;

    public const int CLD_EXITED = 1;
    public const int CLD_KILLED = 2;
    public const int CLD_DUMPED = 3;

    /// <summary>siginfo_t as waitid(2) fills it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct siginfo_t
    {
        [FieldOffset(0)]
        public int si_signo;

        [FieldOffset(8)]
        public int si_code;

        [FieldOffset(16)]
        public int si_pid;

        [FieldOffset(20)]
        public uint si_uid;

        [FieldOffset(24)]
        public int si_status;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial SafeFileHandle pidfd_open(int pid, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pidfd_send_signal(SafeHandle pidfd, int sig, void* info, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitid(int idtype, int id, siginfo_t* infop, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitid(int idtype, SafeHandle id, siginfo_t* infop, int options);
}
