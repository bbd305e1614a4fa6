using System.Buffers.Binary;

namespace CriShim.Spdy;

/// <summary>Reads a connection's frames one after the other and does what they say.</summary>
internal sealed class FrameReader(SpdyConnection connection, FrameInput input, Action<SpdyStream> opened) : IDisposable
{
    /// <summary>SYN_STREAM: id, associated id, priority and slot before the header block.</summary>
    private const int SynStreamFixed = 10;

    private readonly HeaderBlockReader _headers = new(connection.Limits);
    private readonly byte[] _dropped = new byte[4096];
    private int _refused;
    private bool _goneAway;

    /// <summary>The newest stream of the client.</summary>
    public int LastStreamId { get; private set; }

    public void Dispose() => _headers.Dispose();

    /// <returns>When the client has closed the connection between two frames.</returns>
    /// <exception cref="SpdyException">A frame is malformed or goes beyond a limit.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await input.TakeAsync(FrameHeader.Size, cancellationToken) is { } bytes)
        {
            var header = FrameHeader.Parse(bytes.Span);
            if (header.IsControl)
            {
                await ReadControlAsync(header, cancellationToken);
            }
            else
            {
                await ReadDataAsync(header, cancellationToken);
            }
        }
    }

    private async ValueTask ReadDataAsync(FrameHeader header, CancellationToken cancellationToken)
    {
        if (header.StreamId == 0 || header.StreamId > LastStreamId)
        {
            throw new SpdyException($"data of stream {header.StreamId}, which was never opened");
        }

        var stream = connection.Find(header.StreamId);
        for (var left = header.Length; left > 0;)
        {
            await connection.Budget.WaitForRoomAsync(cancellationToken);
            var target = stream?.ReceiveBuffer(left) ?? _dropped.AsMemory(0, Math.Min(left, _dropped.Length));
            var count = await input.ReadAsync(target, cancellationToken);
            left -= count;
            if (stream is null || !await stream.ReceivedAsync(count))
            {
                stream = null; // Closed meanwhile: what the client sent before it knew is dropped.
                connection.CreditConnection(count);
            }
        }

        if (header.Flags.HasFlag(FrameFlags.Fin))
        {
            stream?.EndInput();
        }
    }

    private async ValueTask ReadControlAsync(FrameHeader header, CancellationToken cancellationToken)
    {
        if (header.Version != FrameHeader.ProtocolVersion)
        {
            throw new SpdyException($"control frame of version {header.Version}");
        }

        if (header.Length > connection.Limits.MaxControlFrameBytes)
        {
            throw new SpdyException($"control frame of {header.Length} bytes");
        }

        var payload = await input.TakeAsync(header.Length, cancellationToken) ?? throw new SpdyException("connection ends within a frame");
        switch (header.Type)
        {
            case FrameType.SynStream:
                SynStream(header.Flags, payload);
                break;
            case FrameType.Headers:
                Headers(header.Flags, payload);
                break;
            case FrameType.RstStream:
                Reset(Numbers(payload, 2).First);
                break;
            case FrameType.Settings:
                Settings(payload.Span);
                break;
            case FrameType.Ping:
                Ping(Numbers(payload, 1).First);
                break;
            case FrameType.GoAway:
                _goneAway = true;
                break;
            case FrameType.WindowUpdate:
                WindowUpdate(Numbers(payload, 2));
                break;
            case FrameType.SynReply:
                throw new SpdyException("answer to a stream that was never opened");
            default:
                break; // section 2.2.1: unknown types are ignored
        }
    }

    private void SynStream(FrameFlags flags, ReadOnlyMemory<byte> payload)
    {
        if (payload.Length < SynStreamFixed)
        {
            throw new SpdyException("SYN_STREAM is too short");
        }

        var id = (int)(BinaryPrimitives.ReadUInt32BigEndian(payload.Span) & 0x7fff_ffff);
        if (id % 2 == 0 || id <= LastStreamId)
        {
            throw new SpdyException($"stream {id} after stream {LastStreamId}");
        }

        LastStreamId = id;
        var headers = _headers.Read(payload[SynStreamFixed..]);
        if (_goneAway)
        {
            return;
        }

        if (connection.Open(id, headers, flags.HasFlag(FrameFlags.Unidirectional)) is not { } stream)
        {
            Refused();
            connection.SendReset(id, ResetStatus.RefusedStream);
            return;
        }

        opened(stream);
        if (flags.HasFlag(FrameFlags.Fin))
        {
            stream.EndInput();
        }
    }

    /// <summary>A client that opens more than it may, again and again, means no good.</summary>
    private void Refused()
    {
        if (++_refused > connection.Limits.MaxRefusedStreams)
        {
            throw new SpdyException("too many streams");
        }
    }

    /// <summary>Further headers of a stream: of no use here, but part of the compressed stream.</summary>
    private void Headers(FrameFlags flags, ReadOnlyMemory<byte> payload)
    {
        if (payload.Length < sizeof(int))
        {
            throw new SpdyException("HEADERS is too short");
        }

        _headers.Read(payload[sizeof(int)..]);
        if (flags.HasFlag(FrameFlags.Fin))
        {
            connection.Find(BinaryPrimitives.ReadInt32BigEndian(payload.Span))?.EndInput();
        }
    }

    private void Reset(uint id)
    {
        if (connection.Find((int)id) is { } stream && connection.Remove(stream))
        {
            connection.CreditConnection(stream.End(new IOException("stream was reset by the client")));
        }
    }

    private void Settings(ReadOnlySpan<byte> payload)
    {
        const int entrySize = 8;
        if (payload.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32BigEndian(payload) * (long)entrySize != payload.Length - sizeof(uint))
        {
            throw new SpdyException("SETTINGS of a wrong size");
        }

        for (var entry = payload[sizeof(uint)..]; entry.Length > 0; entry = entry[entrySize..])
        {
            var id = BinaryPrimitives.ReadUInt32BigEndian(entry) & 0xff_ffff;
            var value = BinaryPrimitives.ReadUInt32BigEndian(entry[sizeof(uint)..]);
            if (id == SpdyConnection.SettingInitialWindow)
            {
                connection.SetInitialWindow(value <= int.MaxValue ? value : throw new SpdyException($"initial window of {value} bytes"));
            }
        }
    }

    /// <summary>The client's have odd numbers; even ones answer ours, and we send none.</summary>
    private void Ping(uint id)
    {
        if (id % 2 == 1)
        {
            connection.AnswerPing(id);
        }
    }

    private void WindowUpdate((uint StreamId, uint Delta) update)
    {
        var delta = update.Delta & 0x7fff_ffff;
        var id = (int)(update.StreamId & 0x7fff_ffff);
        var stream = connection.Find(id);
        if (id == 0 ? !connection.Windows.Widen(null, delta) : stream is not null && !connection.Windows.Widen(stream.Window, delta))
        {
            if (stream is null)
            {
                throw new SpdyException("window of the connection is too large");
            }

            stream.Reset(ResetStatus.FlowControlError);
        }
    }

    private static (uint First, uint Second) Numbers(ReadOnlyMemory<byte> payload, int count)
    {
        var span = payload.Span;
        if (span.Length != count * sizeof(uint))
        {
            throw new SpdyException("control frame of a wrong size");
        }

        return (BinaryPrimitives.ReadUInt32BigEndian(span), count == 2 ? BinaryPrimitives.ReadUInt32BigEndian(span[sizeof(uint)..]) : 0);
    }
}
