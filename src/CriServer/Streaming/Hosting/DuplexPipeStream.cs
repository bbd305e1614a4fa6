using System.IO.Pipelines;
using CriShim.CriServer.Streaming.Channels;

namespace CriShim.CriServer.Streaming.Hosting;

/// <summary>A pair of pipes as one stream; asynchronous calls only.</summary>
internal sealed class DuplexPipeStream(IDuplexPipe pipes) : AsyncStream
{
    private readonly Stream _input = pipes.Input.AsStream(leaveOpen: true);
    private readonly Stream _output = pipes.Output.AsStream(leaveOpen: true);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _input.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _output.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);
}
