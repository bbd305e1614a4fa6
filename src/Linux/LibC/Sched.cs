using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>sched.h. Declarations only; names as in C.</summary>
internal static partial class Sched
{
    [LibraryImport("libc", SetLastError = true)]
    public static partial int sched_getaffinity(int pid, nuint size, Span<byte> mask);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int sched_setaffinity(int pid, nuint size, ReadOnlySpan<byte> mask);
}
