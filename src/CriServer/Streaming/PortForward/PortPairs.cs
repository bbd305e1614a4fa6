using System.Globalization;
using CriShim.CriServer.Streaming.Channels;
using CriShim.Spdy;

namespace CriShim.CriServer.Streaming.PortForward;

/// <summary>
/// Finds the pairs of streams on a SPDY connection: each forwarded connection has one for errors and one for data, opened in any order
/// with the same <c>requestid</c> and <c>port</c>.
/// </summary>
/// <param name="limit">For the second stream of a pair.</param>
/// <param name="complete">Gets each pair.</param>
internal sealed class PortPairs(TimeSpan limit, TimeProvider time, Action<PortPair> complete)
{
    private const string Error = "error";
    private const string Data = "data";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (SpdyStream Stream, string Type, ITimer Limit)> _waiting = new(StringComparer.Ordinal);

    /// <summary>A new stream of the client's.</summary>
    public void Opened(SpdyStream stream)
    {
        var type = stream.Headers.GetValueOrDefault("streamtype", "");
        if (type is not (Error or Data)
            || !ushort.TryParse(stream.Headers.GetValueOrDefault("port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port == 0)
        {
            stream.Reset(ResetStatus.RefusedStream);
            return;
        }

        var request = RequestOf(stream, type);
        lock (_gate)
        {
            if (!_waiting.TryGetValue(request, out var first))
            {
                stream.Accept();
                _waiting.Add(request, (stream, type, time.CreateTimer(_ => Expire(request), null, limit, Timeout.InfiniteTimeSpan)));
                return;
            }

            if (first.Type == type)
            {
                stream.Reset(ResetStatus.RefusedStream);
                return;
            }

            stream.Accept();
            first.Limit.Dispose();
            _waiting.Remove(request);
            complete(type == Data ? new PortPair(port, stream, first.Stream) : new PortPair(port, first.Stream, stream));
        }
    }

    /// <summary>Clients of old send no request id: their streams come in pairs, the error's first.</summary>
    private static string RequestOf(SpdyStream stream, string type) =>
        stream.Headers.GetValueOrDefault("requestid")
        ?? string.Create(CultureInfo.InvariantCulture, $"stream {(type == Error ? stream.Id : stream.Id - 2)}");

    private void Expire(string request)
    {
        lock (_gate)
        {
            if (_waiting.Remove(request, out var first))
            {
                first.Limit.Dispose();
                first.Stream.Reset();
            }
        }
    }
}

/// <summary>The two streams of a forwarded connection.</summary>
internal sealed record PortPair(ushort Port, SpdyStream Data, SpdyStream Error)
{
    public PortConnection Connect(Targets.IPodDialer dialer, string sandboxId)
    {
        var data = new SpdyChannel(Data);
        return new PortConnection(dialer, sandboxId, Port, data, data, new SpdyChannel(Error), data.Reset);
    }
}
