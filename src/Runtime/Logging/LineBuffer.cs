using CriShim.Linux;

namespace CriShim.Runtime.Logging;

/// <summary>
/// What was read from one stream and is not a whole line yet, with room for the next read behind it: bytes go from the pipe to their
/// place without a copy.
/// </summary>
internal sealed class LineBuffer(int maxLineBytes) : IDisposable
{
    /// <summary>What a pipe holds by default (pipe(7)).</summary>
    public const int ReadBytes = 64 * 1024;

    private readonly NativeBuffer _memory = new(maxLineBytes + ReadBytes);

    /// <summary>Bytes held from before the last read.</summary>
    public int Held { get; private set; }

    /// <summary>Where to read to: at least <see cref="ReadBytes"/> long.</summary>
    public Span<byte> Free => _memory.Span[Held..];

    /// <summary>The held bytes and <paramref name="count"/> new ones behind them.</summary>
    public Span<byte> Filled(int count) => _memory.Span[..(Held + count)];

    /// <summary>Keeps the last <paramref name="count"/> bytes of <paramref name="filled"/> for the next read.</summary>
    public void Keep(ReadOnlySpan<byte> filled, int count)
    {
        filled[^count..].CopyTo(_memory.Span);
        Held = count;
    }

    /// <summary>Gives the memory back where nothing is held.</summary>
    public void Discard()
    {
        if (Held == 0)
        {
            _memory.Discard();
        }
    }

    public void Dispose() => _memory.Dispose();
}
