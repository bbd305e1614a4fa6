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

    /// <summary>Does nothing when nobody listens any more.</summary>
    public void SendError(RuntimeError error)
    {
        try
        {
            _channel.Send(InitPacket.WriteError(error));
        }
        catch (LinuxException e) when (e.Errno is Errno.EPIPE or Errno.ECONNRESET)
        {
            // The creator is gone; the init ends anyway.
        }
    }

    /// <summary>Waits for the next message.</summary>
    public InitPacket Receive() => new(_channel.Receive()!);

    public void Dispose() => _channel.Dispose();
}
