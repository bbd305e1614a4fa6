using System.Runtime.InteropServices;
using static CriShim.Linux.LibC.Zstd;

namespace CriShim.Linux;

/// <summary>Zstandard (RFC 8878) by libzstd, skippable frames included.</summary>
public sealed class ZstdDecoder : IFrameDecoder
{
    private readonly nint _context;

    /// <param name="maxWindowLog">Frames that need a window of more than 2^this bytes, held in memory, are refused.</param>
    public ZstdDecoder(int maxWindowLog)
    {
        _context = ZSTD_createDCtx();
        if (_context == 0)
        {
            throw new LinuxException(Errno.ENOMEM, "ZSTD_createDCtx");
        }

        Verified(ZSTD_DCtx_setParameter(_context, ZSTD_d_windowLogMax, maxWindowLog));
    }

    public bool TryStart(byte first) => true;

    public unsafe DecodeStep Decode(ReadOnlySpan<byte> input, Span<byte> output)
    {
        // SAFETY: sizes are the spans'; the library keeps neither pointer.
        fixed (byte* source = input, target = output)
        {
            var from = new ZSTD_inBuffer { src = source, size = (nuint)input.Length };
            var to = new ZSTD_outBuffer { dst = target, size = (nuint)output.Length };
            var left = Verified(ZSTD_decompressStream(_context, ref to, ref from));
            return new DecodeStep((int)from.pos, (int)to.pos, left == 0);
        }
    }

    public void Dispose() => ZSTD_freeDCtx(_context);

    private static nuint Verified(nuint code) => ZSTD_isError(code) == 0
        ? code
        : throw new InvalidDataException(Marshal.PtrToStringUTF8(ZSTD_getErrorName(code)));
}
