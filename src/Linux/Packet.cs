using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux;

/// <summary>One received message. Whoever holds it owns the descriptors.</summary>
/// <param name="Bytes">Empty: the peer has closed the connection.</param>
public sealed record Packet(byte[] Bytes, IReadOnlyList<SafeFileHandle> Fds) : IDisposable
{
    public static readonly Packet EndOfConnection = new([], []);

    public bool IsEnd => Bytes.Length == 0;

    public void Dispose()
    {
        foreach (var fd in Fds)
        {
            fd.Dispose();
        }
    }
}
