using CriShim.Linux;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Supervisor;

/// <summary>One connection of a server. Never waits: what the peer does not take at once is queued, and a peer that takes nothing is dropped.</summary>
internal sealed class ControlConnection : IDisposable
{
    private const int MaxQueued = 1024;

    private readonly EpollLoop _loop;
    private readonly ControlChannel _channel;
    private readonly Action<ControlConnection, Packet> _onPacket;
    private readonly Action<ControlConnection> _onClosed;
    private readonly Queue<byte[]> _queue = new(0);

    /// <param name="onPacket">Gets each message and owns it.</param>
    /// <param name="onClosed">Called once, after the connection was disposed of.</param>
    public ControlConnection(EpollLoop loop, ControlChannel channel, Action<ControlConnection, Packet> onPacket, Action<ControlConnection> onClosed)
    {
        _loop = loop;
        _channel = channel;
        _onPacket = onPacket;
        _onClosed = onClosed;
        loop.Add(channel.Handle, EpollEvents.Read, OnReady);
    }

    public bool IsClosed { get; private set; }

    public bool HasQueued => _queue.Count > 0;

    public void Send(ControlMessage message)
    {
        if (IsClosed)
        {
            return;
        }

        var bytes = ControlWriter.Write(message);
        if (_queue.Count == 0 && TrySend(bytes))
        {
            return;
        }

        if (IsClosed || _queue.Count == MaxQueued)
        {
            Close();
            return;
        }

        _queue.Enqueue(bytes);
        _loop.Modify(_channel.Handle, EpollEvents.Read | EpollEvents.Write);
    }

    public void Dispose()
    {
        if (!IsClosed)
        {
            IsClosed = true;
            _loop.Remove(_channel.Handle);
            _channel.Dispose();
        }
    }

    private void OnReady(EpollEvents events)
    {
        if ((events & EpollEvents.Write) != 0)
        {
            SendQueued();
        }

        if (!IsClosed && (events & ~EpollEvents.Write) != 0)
        {
            ReceiveOne();
        }
    }

    private void ReceiveOne()
    {
        Packet? packet;
        try
        {
            packet = _channel.Receive(wait: false);
        }
        catch (LinuxException)
        {
            Close();
            return;
        }

        if (packet is { IsEnd: true })
        {
            Close();
        }
        else if (packet is not null)
        {
            _onPacket(this, packet);
        }
    }

    private void SendQueued()
    {
        while (_queue.TryPeek(out var bytes) && TrySend(bytes))
        {
            _queue.Dequeue();
        }

        if (!IsClosed && _queue.Count == 0)
        {
            _loop.Modify(_channel.Handle, EpollEvents.Read);
        }
    }

    /// <summary>False when the queue is full, or the peer is gone: then the connection is closed.</summary>
    private bool TrySend(byte[] bytes)
    {
        try
        {
            return _channel.Send(bytes, wait: false);
        }
        catch (LinuxException)
        {
            Close();
            return false;
        }
    }

    private void Close()
    {
        if (!IsClosed)
        {
            Dispose();
            _onClosed(this);
        }
    }
}
