using System.Net.WebSockets;
using CriShim.CriServer.Streaming.Channels;

namespace CriShim.CriServer.Streaming.WebSockets;

/// <summary>The bytes of a WebSocket's binary messages as one two-way stream; writes must not overlap.</summary>
internal sealed class TunnelStream(WebSocket socket) : AsyncStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (true)
            {
                var piece = await socket.ReceiveAsync(buffer, cancellationToken);
                switch (piece.MessageType)
                {
                    case WebSocketMessageType.Close:
                        return 0;
                    case WebSocketMessageType.Text:
                        throw new IOException("text message in a tunnel");
                    default:
                        if (piece.Count > 0)
                        {
                            return piece.Count;
                        }

                        break;
                }
            }
        }
        catch (WebSocketException e)
        {
            throw new IOException("connection has ended", e);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await socket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        catch (WebSocketException e)
        {
            throw new IOException("connection has ended", e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            socket.Abort();
        }

        base.Dispose(disposing);
    }
}
