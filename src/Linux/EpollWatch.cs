using System.Runtime.InteropServices;

namespace CriShim.Linux;

/// <summary>A descriptor of an <see cref="EpollLoop"/> that reports its next event only when asked to.</summary>
public sealed class EpollWatch
{
    private readonly EpollLoop _loop;
    private readonly SafeHandle _fd;
    private readonly uint _generation;

    internal EpollWatch(EpollLoop loop, SafeHandle fd, uint generation)
    {
        _loop = loop;
        _fd = fd;
        _generation = generation;
    }

    /// <summary>
    /// Has the next of the events reported on the loop's thread, at once where it is there already. From any thread. Throws
    /// <see cref="ObjectDisposedException"/> when the descriptor is closed, <see cref="LinuxException"/> (ENOENT) when it was removed.
    /// </summary>
    public void Arm(EpollEvents events)
    {
        var held = false;
        try
        {
            _fd.DangerousAddRef(ref held);
            _loop.Arm((int)_fd.DangerousGetHandle(), events, _generation);
        }
        finally
        {
            if (held)
            {
                _fd.DangerousRelease();
            }
        }
    }
}
