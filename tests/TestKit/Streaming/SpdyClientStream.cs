using System.Text;
using System.Threading.Channels;

namespace CriShim.TestKit.Streaming;

/// <summary>A stream of a <see cref="SpdyClient"/>.</summary>
public sealed class SpdyClientStream
{
    private readonly SpdyClient _client;
    private readonly TaskCompletionSource _replied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<byte[]> _received = Channel.CreateUnbounded<byte[]>();

    internal SpdyClientStream(SpdyClient client, int id)
    {
        _client = client;
        Id = id;
    }

    public int Id { get; }

    /// <summary>Fails with <see cref="SpdyResetException"/> when the server refuses.</summary>
    public Task Replied => _replied.Task;

    public Task WriteAsync(string text) => WriteAsync(Encoding.UTF8.GetBytes(text));

    public Task WriteAsync(byte[] bytes) => _client.SendRawAsync(SpdyClient.Data(Id, 0, bytes));

    /// <summary>Ends the client's half.</summary>
    public Task CloseAsync() => _client.SendRawAsync(SpdyClient.Data(Id, 1, []));

    public Task ResetAsync() => _client.SendControlAsync(3, (uint)Id, 5);

    /// <summary>One frame's bytes; null at the end of the server's half.</summary>
    public async Task<byte[]?> ReadAsync()
    {
        if (!await _received.Reader.WaitToReadAsync() || !_received.Reader.TryRead(out var bytes))
        {
            return null;
        }

        await _client.ConsumedAsync(Id, bytes.Length);
        return bytes;
    }

    public async Task<byte[]> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        while (await ReadAsync() is { } bytes)
        {
            all.Write(bytes);
        }

        return all.ToArray();
    }

    public async Task<string> ReadTextAsync() => Encoding.UTF8.GetString(await ReadToEndAsync());

    internal void Reply() => _replied.TrySetResult();

    internal void Received(byte[] bytes, bool last)
    {
        if (bytes.Length > 0)
        {
            _received.Writer.TryWrite(bytes);
        }

        if (last)
        {
            _received.Writer.TryComplete();
        }
    }

    internal void Fail(Exception cause)
    {
        _replied.TrySetException(cause);
        _ = _replied.Task.Exception;
        _received.Writer.TryComplete(cause);
    }
}
