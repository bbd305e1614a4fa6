using System.Net.Sockets;
using CriShim.CriServer.Errors;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Hosting;

/// <summary>The CRI socket's place in the file system.</summary>
internal static class ServerSocket
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode SocketMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>Makes the socket's folder and removes a socket that nobody answers on.</summary>
    /// <exception cref="CriException">Another server answers, or something else than a socket lies there.</exception>
    public static void Prepare(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, FolderMode);
        if (!File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to listen on \"{path}\": {e.Message.ToLowerInvariant()}", e);
        }

        throw new CriException(CriErrorKind.FailedPrecondition, $"failed to listen on \"{path}\": another server answers on it");
    }

    /// <summary>Lets the group of the socket's owner in, nobody else.</summary>
    public static void Protect(string path) => File.SetUnixFileMode(path, SocketMode);

    /// <summary>A regular file refuses connections as a dead socket does; only a socket answers ENXIO to open(2).</summary>
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = Fd.Open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
            return false;
        }
        catch (LinuxException e)
        {
            return e.Errno == Errno.ENXIO;
        }
    }
}
