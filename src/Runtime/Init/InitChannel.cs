using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Init;

/// <summary>One end of the connection between a container's creator and its init; <see cref="InitMessage"/> has the protocol.</summary>
internal sealed class InitChannel(SeqPacketSocket socket) : IDisposable
{
    private readonly ControlChannel _channel = new(socket);

    public SafeFileHandle Handle => socket.Handle;

    public void Send(InitMessage kind, ReadOnlySpan<byte> body = default, ReadOnlySpan<SafeFileHandle> fds = default) =>
        _channel.Send([(byte)kind, .. body], fds);

    /// <summary>As <see cref="Send"/>; does nothing when the other side has ended: what it said last is still to be received.</summary>
    public void SendIfHeard(InitMessage kind, ReadOnlySpan<SafeFileHandle> fds = default) => SendIfHeard([(byte)kind], fds);

    /// <inheritdoc cref="SendIfHeard(InitMessage, ReadOnlySpan{SafeFileHandle})"/>
    public void SendError(RuntimeError error) => SendIfHeard(InitPacket.WriteError(error), []);

    /// <summary>Waits for the next message.</summary>
    public InitPacket Receive() => new(_channel.Receive()!);

    public void Dispose() => _channel.Dispose();

    private void SendIfHeard(ReadOnlySpan<byte> message, ReadOnlySpan<SafeFileHandle> fds)
    {
        try
        {
            _channel.Send(message, fds);
        }
        catch (LinuxException e) when (e.Errno is Errno.EPIPE or Errno.ECONNRESET)
        {
            // An init ends without a creator; a creator reads why its init has ended.
        }
    }
}
