using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;

namespace CriShim.TestKit.Streaming;

/// <summary>
/// The client's side of SPDY/3.1, independent of the server's code. Without flow control it behaves as spdystream does: it neither widens
/// windows nor keeps to any.
/// </summary>
public sealed class SpdyClient : IAsyncDisposable
{
    private readonly Stream _transport;
    private readonly bool _flowControl;
    private readonly MemoryStream _compressed = new();
    private readonly DeflateStream _deflate;
    private readonly SemaphoreSlim _write = new(1, 1);
    private readonly ConcurrentDictionary<int, SpdyClientStream> _streams = new();
    private readonly ConcurrentDictionary<uint, TaskCompletionSource> _pings = new();
    private readonly TaskCompletionSource<uint> _goAway = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private int _nextStream = 1;
    private uint _nextPing = 1;

    public SpdyClient(Stream transport, bool flowControl = false)
    {
        _transport = transport;
        _flowControl = flowControl;
        _compressed.Write([0x78, 0x9c]);
        _deflate = new DeflateStream(_compressed, CompressionLevel.Optimal, leaveOpen: true);
        _reading = ReadAsync();
    }

    /// <summary>Status of the server's GOAWAY.</summary>
    public Task<uint> GoAway => _goAway.Task;

    /// <summary>The connection's end.</summary>
    public Task Ended => _reading;

    /// <summary>Opens a stream and waits for the server's answer.</summary>
    public async Task<SpdyClientStream> OpenAsync(params (string Name, string Value)[] headers)
    {
        var stream = await BeginOpenAsync(headers);
        await stream.Replied;
        return stream;
    }

    /// <summary>Likewise without waiting.</summary>
    public async Task<SpdyClientStream> BeginOpenAsync(params (string Name, string Value)[] headers)
    {
        await _write.WaitAsync();
        try
        {
            var stream = _streams[_nextStream] = new SpdyClientStream(this, _nextStream);
            _nextStream += 2;
            var block = Compress(headers);
            var payload = new byte[10 + block.Length];
            BinaryPrimitives.WriteInt32BigEndian(payload, stream.Id);
            block.CopyTo(payload, 10);
            await _transport.WriteAsync(Control(1, 0, payload));
            return stream;
        }
        finally
        {
            _write.Release();
        }
    }

    public async Task PingAsync()
    {
        var id = Interlocked.Add(ref _nextPing, 2) - 2;
        var pong = _pings[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendControlAsync(6, id);
        await pong.Task;
    }

    public Task SendControlAsync(ushort type, params uint[] numbers)
    {
        var payload = new byte[numbers.Length * 4];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(4 * i), numbers[i]);
        }

        return SendRawAsync(Control(type, 0, payload));
    }

    /// <summary>Any bytes.</summary>
    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        await _write.WaitAsync();
        try
        {
            await _transport.WriteAsync(bytes);
        }
        finally
        {
            _write.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _transport.DisposeAsync();
        await _reading;
        await _deflate.DisposeAsync();
        _write.Dispose();
    }

    public static byte[] Control(ushort type, byte flags, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame, 0x8003);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), type);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)flags << 24 | (uint)payload.Length);
        payload.CopyTo(frame.AsSpan(8));
        return frame;
    }

    public static byte[] Data(int stream, byte flags, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[8 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, stream);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)flags << 24 | (uint)payload.Length);
        payload.CopyTo(frame.AsSpan(8));
        return frame;
    }

    internal async Task ConsumedAsync(int stream, int count)
    {
        if (_flowControl)
        {
            await SendControlAsync(9, (uint)stream, (uint)count);
            await SendControlAsync(9, 0, (uint)count);
        }
    }

    private byte[] Compress((string Name, string Value)[] headers)
    {
        var number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, headers.Length);
        _deflate.Write(number);
        foreach (var text in headers.SelectMany(h => new[] { h.Name, h.Value }).Select(Encoding.Latin1.GetBytes))
        {
            BinaryPrimitives.WriteInt32BigEndian(number, text.Length);
            _deflate.Write(number);
            _deflate.Write(text);
        }

        _deflate.Flush();
        var block = _compressed.ToArray();
        _compressed.SetLength(0);
        return block;
    }

    private async Task ReadAsync()
    {
        var header = new byte[8];
        try
        {
            while (await _transport.ReadAtLeastAsync(header, 8, throwOnEndOfStream: false) == 8)
            {
                var payload = new byte[BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)) & 0xff_ffff];
                await _transport.ReadExactlyAsync(payload);
                Received(header, payload);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The end
        }

        var ended = new IOException("connection has ended");
        _goAway.TrySetException(ended);
        _ = _goAway.Task.Exception;
        foreach (var stream in _streams.Values)
        {
            stream.Fail(ended);
        }
    }

    private void Received(byte[] header, byte[] payload)
    {
        var first = payload.Length >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(payload) : 0;
        if ((header[0] & 0x80) == 0)
        {
            if (_streams.TryGetValue(BinaryPrimitives.ReadInt32BigEndian(header), out var target))
            {
                target.Received(payload, (header[4] & 1) != 0);
            }

            return;
        }

        var stream = _streams.GetValueOrDefault((int)first);
        switch (BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2)))
        {
            case 2:
                stream?.Reply();
                break;
            case 3:
                stream?.Fail(new SpdyResetException(BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4))));
                break;
            case 6:
                _pings.GetValueOrDefault(first)?.TrySetResult();
                break;
            case 7:
                _goAway.TrySetResult(BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4)));
                break;
        }
    }
}

/// <summary>The server has reset a stream.</summary>
public sealed class SpdyResetException(uint status) : IOException($"stream was reset with status {status}")
{
    public uint Status { get; } = status;
}
