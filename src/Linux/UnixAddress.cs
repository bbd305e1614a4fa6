using System.Text;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>
/// A socket path as the kernel takes it. sun_path holds 108 bytes; a longer path is reached through its folder's descriptor:
/// /proc/self/fd/N/name (unix(7), proc(5)), or, where that is too long and the socket is there, by its own, so that stays open while the
/// address is in use.
/// </summary>
internal sealed class UnixAddress : IDisposable
{
    private const int MaxName = 80;

    private readonly byte[] _path;
    private readonly SafeFileHandle? _open;

    public UnixAddress(string path)
    {
        _path = Encoding.UTF8.GetBytes(path);
        if (_path.Length >= UNIX_PATH_MAX)
        {
            var isShort = IsShort(path);
            _open = isShort ? Fd.Open(Path.GetDirectoryName(path) ?? "/", O_PATH | O_DIRECTORY) : Fd.Open(path, O_PATH);
            _path = Encoding.UTF8.GetBytes($"/proc/self/fd/{_open.DangerousGetHandle()}{(isShort ? "/" + Path.GetFileName(path) : "")}");
        }

        if (_path.Length is 0 or >= UNIX_PATH_MAX || _path[0] == 0)
        {
            _open?.Dispose();
            throw new LinuxException(_path.Length < UNIX_PATH_MAX ? Errno.EINVAL : Errno.ENAMETOOLONG, "bind", path);
        }
    }

    /// <summary>Whether a socket can be bound at the path: its name fits behind a descriptor's.</summary>
    public static bool IsShort(string path) => Encoding.UTF8.GetByteCount(Path.GetFileName(path.AsSpan())) <= MaxName;

    /// <summary>Fills <paramref name="address"/>; answers its length in bytes.</summary>
    public unsafe uint Fill(sockaddr_un* address)
    {
        *address = default;
        address->sun_family = AF_UNIX;

        // SAFETY: the constructor made sure that the path and its closing zero fit.
        _path.CopyTo(new Span<byte>(address->sun_path, UNIX_PATH_MAX));
        return (uint)(sizeof(ushort) + _path.Length + 1);
    }

    public void Dispose() => _open?.Dispose();
}
