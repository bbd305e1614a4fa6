using System.Net.Sockets;

namespace CriShim.CriServer.Streaming.Sessions;

/// <summary>
/// Ends the connection of a client that is silent for too long, or that has left while we do not read from it: it sends faster than a
/// process takes its input, and its end is behind what it sent.
/// </summary>
internal sealed class ConnectionWatch : IDisposable
{
    private const int IpprotoTcp = 6;
    private const int TcpInfo = 11;
    private const byte StateClose = 7; // netinet/tcp.h
    private const byte StateCloseWait = 8;
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(2);

    private readonly TimeSpan _idleLimit;
    private readonly Socket? _socket;
    private readonly CancellationTokenSource _gone;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _pieces;
    private long _seen = -1;
    private long _quietSince;

    /// <param name="idleLimit">Without a byte in either direction.</param>
    /// <param name="gone">Is cancelled.</param>
    public ConnectionWatch(TimeSpan idleLimit, Socket? socket, CancellationTokenSource gone, TimeProvider time)
    {
        _idleLimit = idleLimit;
        _socket = socket;
        _gone = gone;
        _time = time;
        _quietSince = time.GetTimestamp();
        var period = idleLimit < s_period ? idleLimit / 2 : s_period;
        _timer = time.CreateTimer(_ => Check(), null, period, period);
    }

    /// <summary>Some bytes went either way.</summary>
    public void Note() => Interlocked.Increment(ref _pieces);

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        var pieces = Interlocked.Read(ref _pieces);
        var quiet = pieces == _seen;
        if (!quiet)
        {
            _seen = pieces;
            _quietSince = _time.GetTimestamp();
        }

        if (quiet && (_time.GetElapsedTime(_quietSince) >= _idleLimit || HasLeft()))
        {
            Cancel();
        }
    }

    /// <summary>Whether the client's FIN or RST has come: seen by the kernel, even when we have not read so far.</summary>
    private bool HasLeft()
    {
        try
        {
            Span<byte> state = stackalloc byte[1];
            return _socket is not null
                && _socket.GetRawSocketOption(IpprotoTcp, TcpInfo, state) == 1
                && state[0] is StateClose or StateCloseWait;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    private void Cancel()
    {
        try
        {
            _gone.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself just now.
        }
    }
}
