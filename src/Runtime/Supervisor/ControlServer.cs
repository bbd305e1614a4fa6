using CriShim.Linux;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Supervisor;

/// <summary>The connections of servers, the first one inherited and later ones through the socket in the container's folder.</summary>
internal sealed class ControlServer : IDisposable
{
    private static readonly TimeSpan s_flushLimit = TimeSpan.FromSeconds(1);

    private readonly EpollLoop _loop;
    private readonly Action<ControlConnection, Packet> _onPacket;
    private readonly Action<ControlConnection> _onClosed;
    private readonly List<ControlConnection> _connections = [];
    private SeqPacketSocket? _listener;
    private string? _path;

    /// <param name="onPacket">Gets each message and owns it.</param>
    /// <param name="onClosed">Called when a peer is gone.</param>
    public ControlServer(EpollLoop loop, Action<ControlConnection, Packet> onPacket, Action<ControlConnection> onClosed)
    {
        _loop = loop;
        _onPacket = onPacket;
        _onClosed = onClosed;
    }

    public int Count => _connections.Count;

    public ControlConnection Add(ControlChannel channel)
    {
        var connection = new ControlConnection(_loop, channel, _onPacket, OnClosed);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Listens at the path; a socket file that an earlier life left there is replaced.</summary>
    public void Listen(string path)
    {
        File.Delete(path);
        _listener = SeqPacketSocket.Listen(path);
        _path = path;
        _loop.Add(_listener.Handle, EpollEvents.Read, _ => Accept());
    }

    public void Broadcast(ControlMessage message)
    {
        foreach (var connection in _connections.ToArray())
        {
            connection.Send(message);
        }
    }

    /// <summary>Serves the loop until every peer has taken what was sent to it, for a second at most.</summary>
    public void Flush(TimeProvider time)
    {
        var begin = time.GetTimestamp();
        while (_connections.Exists(connection => connection.HasQueued) && time.GetElapsedTime(begin) < s_flushLimit)
        {
            _loop.RunOnce(100);
        }
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }

        if (_listener is not null)
        {
            _loop.Remove(_listener.Handle);
            _listener.Dispose();
            File.Delete(_path!);
        }
    }

    private void OnClosed(ControlConnection connection)
    {
        _connections.Remove(connection);
        _onClosed(connection);
    }

    /// <summary>Root alone may command a container, whatever the modes of the folders above the socket came to be.</summary>
    private void Accept()
    {
        while (_listener!.Accept() is { } socket)
        {
            if (socket.PeerUserId == 0)
            {
                Add(new ControlChannel(socket));
            }
            else
            {
                socket.Dispose();
            }
        }
    }
}
