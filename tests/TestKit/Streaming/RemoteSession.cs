namespace CriShim.TestKit.Streaming;

/// <summary>A client's streams of one exec or attach, by SPDY.</summary>
public sealed class RemoteSession : IAsyncDisposable
{
    private const string Protocol = "v4.channel.k8s.io";

    private readonly UpgradedConnection _connection;
    private readonly SpdyClient _client;
    private readonly Dictionary<string, SpdyClientStream> _streams = [];

    private RemoteSession(UpgradedConnection connection)
    {
        _connection = connection;
        _client = new SpdyClient(connection.Stream);
    }

    public SpdyClientStream this[string name] => _streams[name];

    /// <param name="url">As the server gave it out.</param>
    /// <param name="streams">Letters: i for stdin, o for stdout, 2 for stderr and t for a terminal's sizes.</param>
    public static async Task<RemoteSession> OpenAsync(string url, string streams)
    {
        var connection = await UpgradedConnection.SpdyAsync(url, Protocol);
        if (connection.Status != 101)
        {
            throw new IOException($"{connection.Status}: {connection.Body}");
        }

        var session = new RemoteSession(connection);
        await session.OpenStreamAsync("error");
        foreach (var (letter, name) in new[] { ('t', "resize"), ('i', "stdin"), ('o', "stdout"), ('2', "stderr") })
        {
            if (streams.Contains(letter))
            {
                await session.OpenStreamAsync(name);
            }
        }

        return session;
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _connection.Dispose();
    }

    private async Task OpenStreamAsync(string name) => _streams[name] = await _client.OpenAsync(("streamtype", name));
}
