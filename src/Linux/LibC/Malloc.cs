using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>malloc.h. Declarations only; names as in C.</summary>
internal static partial class Malloc
{
    [LibraryImport("libc")]
    public static partial int malloc_trim(nuint pad);
}
