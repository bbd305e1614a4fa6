using CriShim.CriServer.Streaming.Channels;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A client that sends some bytes, takes what comes and leaves.</summary>
internal sealed class ScriptedStream(byte[] script) : AsyncStream
{
    private int _at;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(buffer.Length, script.Length - _at);
        script.AsSpan(_at, count).CopyTo(buffer.Span);
        _at += count;
        return ValueTask.FromResult(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
}
