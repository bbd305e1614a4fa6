using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>One connection of a server. Never waits: what the peer does not take at once is queued, and a peer that takes nothing is dropped.</summary>
internal sealed class ControlConnection : IDisposable
{
    private const int MaxQueued = 1024;

    private readonly EpollLoop _loop;
    private readonly ControlChannel _channel;
    private readonly Action<ControlConnection, Packet> _onPacket;
    private readonly Action<ControlConnection> _onClosed;
    private readonly Queue<Outgoing> _queue = new(0);

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

    /// <param name="fd">Goes with the message, and is closed here.</param>
    public void Send(ControlMessage message, SafeFileHandle? fd = null)
    {
        var outgoing = new Outgoing(IsClosed ? [] : ControlWriter.Write(message), fd is null ? [] : [fd]);
        if (IsClosed || (_queue.Count == 0 && TrySend(outgoing)))
        {
            outgoing.Dispose();
        }
        else if (IsClosed || _queue.Count == MaxQueued)
        {
            outgoing.Dispose();
            Close();
        }
        else
        {
            _queue.Enqueue(outgoing);
            _loop.Modify(_channel.Handle, EpollEvents.Read | EpollEvents.Write);
        }
    }

    public void Dispose()
    {
        if (!IsClosed)
        {
            IsClosed = true;
            _loop.Remove(_channel.Handle);
            _channel.Dispose();
            while (_queue.TryDequeue(out var outgoing))
            {
                outgoing.Dispose();
            }
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
        while (_queue.TryPeek(out var outgoing) && TrySend(outgoing))
        {
            _queue.Dequeue().Dispose();
        }

        if (!IsClosed && _queue.Count == 0)
        {
            _loop.Modify(_channel.Handle, EpollEvents.Read);
        }
    }

    /// <summary>False when the queue is full, or the peer is gone: then the connection is closed.</summary>
    private bool TrySend(Outgoing outgoing)
    {
        try
        {
            return _channel.Send(outgoing.Bytes, outgoing.Fds, wait: false);
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

    private sealed record Outgoing(byte[] Bytes, SafeFileHandle[] Fds) : IDisposable
    {
        public void Dispose()
        {
            foreach (var fd in Fds)
            {
                fd.Dispose();
            }
        }
    }
}
