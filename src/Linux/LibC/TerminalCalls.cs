using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>termios.h, sys/ioctl.h. Declarations only; names and constants as in C.</summary>
public static partial class TerminalCalls
{
    public const int TCSANOW = 0;

    [StructLayout(LayoutKind.Sequential)]
    public struct winsize_t
    {
        public ushort ws_row;
        public ushort ws_col;
        public ushort ws_xpixel;
        public ushort ws_ypixel;
    }

    /// <summary>struct termios of glibc on x86-64, opaque.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 60)]
    public struct termios_t;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(SafeHandle fd, nuint request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(SafeHandle fd, nuint request, ref int argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(SafeHandle fd, nuint request, ref winsize_t argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcgetattr(SafeHandle fd, out termios_t mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcsetattr(SafeHandle fd, int actions, in termios_t mode);

    [LibraryImport("libc")]
    public static partial void cfmakeraw(ref termios_t mode);
}
