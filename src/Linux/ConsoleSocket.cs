using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux;

/// <summary>Hands a terminal's master to whoever asked for it: a stream socket, the descriptor beside the name "/dev/ptmx" (runc's convention).</summary>
public static class ConsoleSocket
{
    /// <summary>Throws <see cref="LinuxException"/>.</summary>
    public static void Send(string path, SafeFileHandle master)
    {
        using var connection = UnixStream.Connect(path);
        UnixStream.Send(connection, "/dev/ptmx"u8, master);
    }
}
