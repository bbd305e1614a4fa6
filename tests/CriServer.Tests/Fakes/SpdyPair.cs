using System.Net.Sockets;
using CriShim.Spdy;
using CriShim.TestKit.Streaming;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A SPDY connection with a client, narrow limits, and every stream accepted.</summary>
internal sealed class SpdyPair : IAsyncDisposable
{
    private readonly NetworkStream _transport;

    private SpdyPair(NetworkStream server, NetworkStream client)
    {
        _transport = server;
        Connection = new SpdyConnection(server, Limits);
        Running = Connection.RunAsync(Accept, CancellationToken.None);
        Client = new SpdyClient(client);
    }

    public static SpdyLimits Limits { get; } = new()
    {
        MaxStreams = 4,
        MaxRefusedStreams = 8,
        MaxBufferedBytes = 256 * 1024,
        StreamWindowBytes = 128 * 1024,
    };

    public SpdyConnection Connection { get; }

    public SpdyClient Client { get; }

    /// <summary>What the client did wrong.</summary>
    public Task<string?> Running { get; }

    public List<SpdyStream> Opened { get; } = [];

    public static async Task<SpdyPair> ConnectAsync()
    {
        var (server, client) = await DuplexPair.ConnectAsync();
        return new SpdyPair(server, client);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Running;
        await _transport.DisposeAsync();
        Connection.Dispose();
    }

    private void Accept(SpdyStream stream)
    {
        Opened.Add(stream);
        stream.Accept();
    }
}
