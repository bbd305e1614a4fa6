using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>unistd.h, sys/prctl.h, sys/resource.h, sys/ioctl.h: the calling process. Declarations only; names and constants as in C.</summary>
public static partial class Processes
{
    public const int PR_SET_PDEATHSIG = 1;
    public const int PR_SET_DUMPABLE = 4;
    public const int PR_SET_KEEPCAPS = 8;
    public const int PR_SET_NAME = 15;
    public const int PR_CAPBSET_READ = 23;
    public const int PR_CAPBSET_DROP = 24;
    public const int PR_SET_CHILD_SUBREAPER = 36;
    public const int PR_SET_NO_NEW_PRIVS = 38;
    public const int PR_CAP_AMBIENT = 47;
    public const int PR_CAP_AMBIENT_RAISE = 2;
    public const int PR_CAP_AMBIENT_CLEAR_ALL = 4;

    public const int RLIMIT_FSIZE = 1;

    public const uint _LINUX_CAPABILITY_VERSION_3 = 0x20080522;

    /// <summary>struct rlimit64.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct rlimit_t
    {
        public ulong rlim_cur;
        public ulong rlim_max;
    }

    /// <summary>The header and the two data elements of capget(2), version 3.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct cap_header
    {
        public uint version;
        public int pid;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct cap_data
    {
        public uint effective0;
        public uint permitted0;
        public uint inheritable0;
        public uint effective1;
        public uint permitted1;
        public uint inheritable1;
    }

    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int capget(in cap_header header, out cap_data data);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getrlimit(int resource, out rlimit_t limit);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int prlimit(int pid, int resource, in rlimit_t limit, rlimit_t* old);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getpid();

    [LibraryImport("libc", SetLastError = true)]
    public static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    public static partial uint getegid();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setsid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chdir(string path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchdir(SafeHandle fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chroot(string path);

    /// <summary>The system call: unlike the C library's function it answers "(unreachable)/…" for a folder outside the root.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint getcwd(nint number, Span<byte> buffer, nint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial uint umask(uint mask);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int sethostname(ReadOnlySpan<byte> name, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setdomainname(ReadOnlySpan<byte> name, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int dup3(int oldfd, int newfd, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int dup3(SafeHandle oldfd, int newfd, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(SafeHandle fd, int operation);
}
