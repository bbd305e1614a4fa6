using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>zstd.h of libzstd 1.5: streaming decompression. Sizes and errors share one number. Declarations only; names and constants as in C.</summary>
internal static unsafe partial class Zstd
{
    public const int ZSTD_d_windowLogMax = 100;

    [StructLayout(LayoutKind.Sequential)]
    public struct ZSTD_inBuffer
    {
        public byte* src;
        public nuint size;
        public nuint pos;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct ZSTD_outBuffer
    {
        public byte* dst;
        public nuint size;
        public nuint pos;
    }

    [LibraryImport("zstd")]
    public static partial nint ZSTD_createDCtx();

    [LibraryImport("zstd")]
    public static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport("zstd")]
    public static partial nuint ZSTD_DCtx_setParameter(nint context, int parameter, int value);

    /// <summary>0: a frame is complete and all of it was given out.</summary>
    [LibraryImport("zstd")]
    public static partial nuint ZSTD_decompressStream(nint context, ref ZSTD_outBuffer output, ref ZSTD_inBuffer input);

    [LibraryImport("zstd")]
    public static partial uint ZSTD_isError(nuint code);

    /// <summary>A static string.</summary>
    [LibraryImport("zstd")]
    public static partial nint ZSTD_getErrorName(nuint code);
}
