using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>isa-l/igzip_lib.h of ISA-L 2.30: streaming inflate. Declarations only; names and constants as in C.</summary>
internal static unsafe partial class Isal
{
    public const string Library = "libisal.so.2";

    /// <summary>A gzip header is read, its trailer verified.</summary>
    public const uint ISAL_GZIP = 1;

    public const int ISAL_BLOCK_FINISH = 5;

    /// <summary>struct inflate_state as far as callers see it; the rest, up to its size, is the library's own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 87368)]
    public struct inflate_state
    {
        [FieldOffset(0)]
        public byte* next_out;

        [FieldOffset(8)]
        public uint avail_out;

        [FieldOffset(16)]
        public byte* next_in;

        [FieldOffset(32)]
        public uint avail_in;

        [FieldOffset(21160)]
        public int block_state;

        [FieldOffset(21172)]
        public uint crc_flag;
    }

    [LibraryImport(Library)]
    public static partial void isal_inflate_init(inflate_state* state);

    [LibraryImport(Library)]
    public static partial void isal_inflate_reset(inflate_state* state);

    /// <summary>Negative: the data is wrong.</summary>
    [LibraryImport(Library)]
    public static partial int isal_inflate(inflate_state* state);
}
