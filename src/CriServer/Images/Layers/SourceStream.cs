namespace CriShim.CriServer.Images.Layers;

/// <summary>Blocks as a stream to read, for decoders that want one.</summary>
internal sealed class SourceStream(IByteSource source) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> _rest;
    private bool _ended;

    /// <summary>The bytes to come, without taking them: up to the end of the current block, empty at the end of all.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        if (_rest.IsEmpty && !_ended)
        {
            _rest = source.Next();
            _ended = _rest.IsEmpty;
        }

        return _rest.Span;
    }

    /// <summary>Takes bytes that <see cref="Peek"/> showed.</summary>
    public void Advance(int count) => _rest = _rest[count..];

    public override int Read(Span<byte> buffer)
    {
        var available = Peek();
        var count = Math.Min(available.Length, buffer.Length);
        available[..count].CopyTo(buffer);
        Advance(count);
        return count;
    }
}
