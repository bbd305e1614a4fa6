using System.Net;

namespace CriShim.GrpcServer.Tests.Fixtures;

/// <summary>A body sent in pieces, each in DATA frames of its own; the stream stays open until the last task is done.</summary>
internal sealed class ChunkedContent(IEnumerable<byte[]> chunks, Task? closeAfter = null) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        foreach (var chunk in chunks)
        {
            await stream.WriteAsync(chunk);
            await stream.FlushAsync();
            await Task.Delay(2);
        }

        await (closeAfter ?? Task.CompletedTask);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
