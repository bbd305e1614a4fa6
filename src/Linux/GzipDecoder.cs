using System.Runtime.InteropServices;
using static CriShim.Linux.LibC.Isal;

namespace CriShim.Linux;

/// <summary>Gzip (RFC 1952) by Intel's ISA-L, where it is installed: about twice as fast as zlib.</summary>
public sealed unsafe class GzipDecoder : IFrameDecoder
{
    private const byte FirstMagic = 0x1f;

    private readonly inflate_state* _state;

    public GzipDecoder()
    {
        // SAFETY: freed by Dispose only; the size is the structure's, as the declaration says.
        _state = (inflate_state*)NativeMemory.AllocZeroed((nuint)sizeof(inflate_state));
        isal_inflate_init(_state);
        _state->crc_flag = ISAL_GZIP;
    }

    /// <summary>The library is there.</summary>
    public static bool IsAvailable { get; } = NativeLibrary.TryLoad(Library, out _);

    public bool TryStart(byte first)
    {
        if (first != FirstMagic)
        {
            return false;
        }

        isal_inflate_reset(_state);
        _state->crc_flag = ISAL_GZIP;
        return true;
    }

    public DecodeStep Decode(ReadOnlySpan<byte> input, Span<byte> output)
    {
        // SAFETY: sizes are the spans'; the library keeps what it needs of the input and of the output in its state.
        fixed (byte* source = input, target = output)
        {
            _state->next_in = source;
            _state->avail_in = (uint)input.Length;
            _state->next_out = target;
            _state->avail_out = (uint)output.Length;
            var result = isal_inflate(_state);
            return result >= 0
                ? new DecodeStep(input.Length - (int)_state->avail_in, output.Length - (int)_state->avail_out, _state->block_state == ISAL_BLOCK_FINISH)
                : throw new InvalidDataException($"isal_inflate: {result}");
        }
    }

    public void Dispose() => NativeMemory.Free(_state);
}
