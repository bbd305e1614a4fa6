using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Layers;

/// <summary>Reads a byte source in pieces of any size, without copying where a piece is wanted as it comes.</summary>
internal sealed class ByteReader(IByteSource source)
{
    private ReadOnlyMemory<byte> _rest;
    private bool _ended;

    /// <summary>Up to <paramref name="max"/> bytes, as many as are at hand; at least one, none at the end.</summary>
    public ReadOnlySpan<byte> ReadSome(long max)
    {
        if (_rest.IsEmpty && !_ended)
        {
            _rest = source.Next();
            _ended = _rest.IsEmpty;
        }

        var piece = _rest.Span[..(int)Math.Min(max, _rest.Length)];
        _rest = _rest[piece.Length..];
        return piece;
    }

    /// <summary>Fills the buffer; false when the end is exactly here.</summary>
    /// <exception cref="ContentException">The end is within the buffer.</exception>
    public bool TryFill(Span<byte> buffer)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var piece = ReadSome(buffer.Length - filled);
            if (piece.IsEmpty)
            {
                return filled == 0 ? false : throw Truncated();
            }

            piece.CopyTo(buffer[filled..]);
            filled += piece.Length;
        }

        return true;
    }

    public void Skip(long count)
    {
        while (count > 0)
        {
            var piece = ReadSome(count);
            count -= piece.IsEmpty ? throw Truncated() : piece.Length;
        }
    }

    /// <summary>Like <see cref="Skip"/>, but the end may come before: some builders leave out what fills the last block.</summary>
    public void SkipPadding(int count)
    {
        while (count > 0 && ReadSome(count) is { IsEmpty: false } piece)
        {
            count -= piece.Length;
        }
    }

    public static ContentException Truncated() => new("archive ends too early");
}
