namespace CriShim.Spdy;

/// <summary>Reads a connection's bytes: small pieces from a buffer, large ones past it.</summary>
internal sealed class FrameInput(Stream stream)
{
    public const int BufferSize = 64 * 1024;

    private readonly byte[] _buffer = new byte[BufferSize];
    private int _start;
    private int _end;

    /// <summary>Waits until <paramref name="count"/> bytes are buffered, and takes them: valid until the next call.</summary>
    /// <param name="count">At most <see cref="BufferSize"/>.</param>
    /// <returns>Null when the connection ends before the first of them.</returns>
    /// <exception cref="SpdyException">It ends among them.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> TakeAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count)
        {
            MakeRoom(count);
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return _start == _end ? null : throw new SpdyException("connection ends within a frame");
            }

            _end += read;
        }

        var taken = _buffer.AsMemory(_start, count);
        _start += count;
        return taken;
    }

    /// <summary>Reads some bytes, at least one.</summary>
    /// <exception cref="SpdyException">There is none any more.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        var buffered = Math.Min(_end - _start, target.Length);
        if (buffered > 0)
        {
            _buffer.AsSpan(_start, buffered).CopyTo(target.Span);
            _start += buffered;
            return buffered;
        }

        var read = await stream.ReadAsync(target, cancellationToken);
        return read > 0 ? read : throw new SpdyException("connection ends within a frame");
    }

    private void MakeRoom(int count)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start + count > _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
    }
}
