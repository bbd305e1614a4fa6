using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>Unix sockets of any type at a path of any length. Throws <see cref="LinuxException"/>.</summary>
internal static class UnixSocket
{
    /// <summary>Listens, without waiting in accept, at a path that is free; the socket file has mode 0600.</summary>
    /// <param name="type">SOCK_….</param>
    public static SafeFileHandle Listen(string path, int type, int backlog)
    {
        var bound = UnixAddress.IsShort(path) ? path : Path.Join(Path.GetDirectoryName(path), $"@{Environment.ProcessId}.{Environment.CurrentManagedThreadId}");
        var handle = Named(bound, type | SOCK_NONBLOCK, connects: false);
        try
        {
            Check.Result(listen(handle, backlog), "listen", path);
            if (bound != path)
            {
                File.Move(bound, path);
            }

            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Connects to the one that listens there.</summary>
    /// <inheritdoc cref="Listen"/>
    public static SafeFileHandle Connect(string path, int type) => Named(path, type, connects: true);

    private static unsafe SafeFileHandle Named(string path, int type, bool connects)
    {
        using var address = new UnixAddress(path);
        var handle = Check.Result(socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket");
        try
        {
            sockaddr_un name;
            var length = address.Fill(&name);

            // SAFETY: name is filled and on the stack.
            if (connects)
            {
                Check.Result(connect(handle, &name, length), "connect", path);
            }
            else
            {
                // The mode of the unbound socket becomes the file's mode: it never exists with a wider one.
                Check.Result(fchmod(handle, 0b110_000_000), "fchmod", path);
                Check.Result(bind(handle, &name, length), "bind", path);
            }

            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
