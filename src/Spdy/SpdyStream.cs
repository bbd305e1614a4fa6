using System.IO.Pipelines;

namespace CriShim.Spdy;

/// <summary>One stream that the client opened. One reader and one writer may use it at the same time.</summary>
public sealed class SpdyStream
{
    /// <summary>Room that a buffer needs in front of what is sent, for the frame's header: frames are written from where the bytes were read to.</summary>
    public const int Headroom = FrameHeader.Size;

    private const int LargestPiece = 32 * 1024;

    // The connection's budget is the limit; see ReceiveBudget.
    private static readonly PipeOptions s_options = new(pauseWriterThreshold: 0, resumeWriterThreshold: 0, useSynchronizationContext: false);

    private readonly SpdyConnection _connection;
    private readonly Pipe _received = new(s_options);
    private readonly Lock _gate = new();
    private int _buffered;
    private int _uncredited;
    private bool _inputEnded;
    private bool _outputEnded;
    private volatile IOException? _failure;

    internal SpdyStream(SpdyConnection connection, int id, IReadOnlyDictionary<string, string> headers, SendWindows.Window window, bool unidirectional)
    {
        _connection = connection;
        Id = id;
        Headers = headers;
        Window = window;
        _outputEnded = unidirectional;
    }

    public int Id { get; }

    /// <summary>Names in lower case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    internal SendWindows.Window Window { get; }

    /// <summary>Answers the client's SYN_STREAM; before anything is sent.</summary>
    public void Accept() => _connection.Reply(Id);

    /// <summary>Reads what the client sent.</summary>
    /// <returns>0 at the end of the client's half.</returns>
    /// <exception cref="IOException">The client has reset the stream, or is gone.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        var result = await _received.Reader.ReadAsync(cancellationToken);
        ThrowIfFailed();
        var available = result.Buffer;
        var count = (int)Math.Min(available.Length, target.Length);
        var position = available.Start;
        foreach (var segment in available.Slice(0, count))
        {
            segment.CopyTo(target);
            target = target[segment.Length..];
        }

        _received.Reader.AdvanceTo(available.GetPosition(count, position));
        Consumed(count);
        return count;
    }

    /// <summary>Sends in one or more frames.</summary>
    /// <param name="framed"><see cref="Headroom"/> bytes, then what is to be sent. The content is overwritten.</param>
    /// <exception cref="IOException">The client has reset the stream, or is gone.</exception>
    public async ValueTask SendAsync(Memory<byte> framed, CancellationToken cancellationToken)
    {
        while (framed.Length > Headroom)
        {
            var count = await _connection.Windows.TakeAsync(Window, framed.Length - Headroom, cancellationToken);
            FrameHeader.WriteData(framed.Span, Id, FrameFlags.None, count);
            await _connection.Output.WriteAsync(framed[..(Headroom + count)]);
            framed = framed[count..];
        }
    }

    /// <summary>Ends our half.</summary>
    public async ValueTask CompleteAsync()
    {
        lock (_gate)
        {
            if (_outputEnded)
            {
                return;
            }

            _outputEnded = true;
        }

        var frame = new byte[FrameHeader.Size];
        FrameHeader.WriteData(frame, Id, FrameFlags.Fin, 0);
        await _connection.Output.WriteAsync(frame);
        RemoveIfEnded();
    }

    /// <summary>Ends both halves at once. What was received and not read is dropped.</summary>
    public void Reset(ResetStatus status = ResetStatus.Cancel)
    {
        // What was received is dropped also where both halves have ended: nobody is going to read it, and it counts for the whole connection.
        var isOpen = _connection.Remove(this);
        _connection.CreditConnection(End(new IOException("stream was reset")));
        if (isOpen)
        {
            _connection.SendReset(Id, status);
        }
    }

    /// <summary>Memory for received bytes, to be given to <see cref="ReceivedAsync"/>; null when nobody will read them.</summary>
    internal Memory<byte>? ReceiveBuffer(int wanted)
    {
        lock (_gate)
        {
            if (_inputEnded)
            {
                return null;
            }
        }

        var memory = _received.Writer.GetMemory(Math.Min(wanted, LargestPiece));
        return memory.Length > wanted ? memory[..wanted] : memory;
    }

    /// <summary>Makes received bytes readable.</summary>
    /// <returns>False when nobody will read them.</returns>
    internal async ValueTask<bool> ReceivedAsync(int count)
    {
        lock (_gate)
        {
            if (_inputEnded)
            {
                return false;
            }

            _buffered += count;
        }

        _connection.Budget.Add(count);
        _received.Writer.Advance(count);
        await _received.Writer.FlushAsync(); // waits for nothing: the pipe has no threshold
        return true;
    }

    /// <summary>The client's half has ended. Only for the thread that reads the connection, which alone writes to the pipe.</summary>
    internal void EndInput()
    {
        lock (_gate)
        {
            _inputEnded = true;
        }

        _received.Writer.Complete();
        RemoveIfEnded();
    }

    /// <summary>Both halves have ended, by a reset or with the connection; who waits is told <paramref name="cause"/>.</summary>
    /// <returns>Bytes that were received and are dropped.</returns>
    internal int End(IOException cause)
    {
        int dropped;
        lock (_gate)
        {
            _inputEnded = _outputEnded = true;
            dropped = _buffered;
            _buffered = 0;
        }

        _failure = cause;
        _received.Reader.CancelPendingRead();
        _connection.Windows.Close(Window);
        _connection.Budget.Release(dropped);
        return dropped;
    }

    /// <summary>Gives room back, and tells the client so now and then.</summary>
    private void Consumed(int count)
    {
        int credit;
        lock (_gate)
        {
            // After the end the whole rest has been given back already.
            if (_buffered < count)
            {
                return;
            }

            _buffered -= count;
            _uncredited += count;
            credit = _inputEnded || _uncredited < _connection.Limits.StreamWindowBytes / 2 ? 0 : _uncredited;
            _uncredited -= credit;
        }

        _connection.Credit(credit > 0 ? Id : 0, credit, count);
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    private void RemoveIfEnded()
    {
        bool ended;
        lock (_gate)
        {
            ended = _inputEnded && _outputEnded;
        }

        if (ended)
        {
            _connection.Remove(this);
        }
    }
}
