using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Pipes;

namespace CriShim.Linux;

/// <summary>
/// Messages of any length up to <see cref="MaxMessageBytes"/> over a <see cref="SeqPacketSocket"/>. What does not fit in a packet travels
/// in a memfd: the packet is then the one byte 0, which starts no JSON text, and the memfd is the first descriptor.
/// </summary>
public sealed class ControlChannel(SeqPacketSocket socket) : IDisposable
{
    /// <summary>Longest message; anything longer is refused on both sides.</summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <summary>Longest packet: well within the default send buffer (net.core.wmem_default, 208 KiB).</summary>
    public const int MaxPacketBytes = 64 * 1024;

    /// <summary>For epoll.</summary>
    public SafeFileHandle Handle => socket.Handle;

    /// <inheritdoc cref="SeqPacketSocket.Send"/>
    public bool Send(ReadOnlySpan<byte> message, ReadOnlySpan<SafeFileHandle> fds = default, bool wait = true)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, MaxMessageBytes);
        if (message.Length <= MaxPacketBytes)
        {
            return socket.Send(message, fds, wait);
        }

        using var memory = Check.Result(memfd_create("crishim-message", MFD_CLOEXEC), "memfd_create");
        Fd.WriteAll(memory, message);
        return socket.Send([0], [memory, .. fds], wait);
    }

    /// <inheritdoc cref="SeqPacketSocket.Receive"/>
    public Packet? Receive(bool wait = true)
    {
        var packet = socket.Receive(wait);
        if (packet is not { Bytes: [0] })
        {
            return packet;
        }

        try
        {
            var bytes = packet.Fds.Count > 0 ? ReadWhole(packet.Fds[0]) : throw new LinuxException(Errno.EINVAL, "recvmsg");
            packet.Fds[0].Dispose();
            return new Packet(bytes, [.. packet.Fds.Skip(1)]);
        }
        catch
        {
            packet.Dispose();
            throw;
        }
    }

    public void Dispose() => socket.Dispose();

    private static byte[] ReadWhole(SafeFileHandle memory)
    {
        var length = RandomAccess.GetLength(memory);
        if (length is 0 or > MaxMessageBytes)
        {
            throw new LinuxException(Errno.EMSGSIZE, "recvmsg");
        }

        var bytes = new byte[length];
        for (var filled = 0; filled < bytes.Length;)
        {
            var count = (int)Check.Result(pread(memory, bytes.AsSpan(filled), bytes.Length - filled, filled), "pread");
            filled += count > 0 ? count : throw new LinuxException(Errno.EMSGSIZE, "pread");
        }

        return bytes;
    }
}
