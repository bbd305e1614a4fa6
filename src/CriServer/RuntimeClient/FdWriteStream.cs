using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>
/// Writes to a pipe or a terminal's master without a thread that waits. What nobody will read any more is thrown away: that a program does not
/// want its input is no error of who sends it.
/// </summary>
/// <param name="fd">Owned from now on.</param>
internal sealed class FdWriteStream(IoLoop io, SafeFileHandle fd) : OneWayStream
{
    private readonly FdReadiness _readiness = new(io, fd, EpollEvents.Write);
    private bool _unread;

    public override bool CanWrite => true;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty && !_unread)
        {
            var count = Fd.TryWrite(_readiness.Fd, buffer.Span, out var errno);
            if (count >= 0)
            {
                buffer = buffer[count..];
                continue;
            }

            switch (errno)
            {
                case Errno.EPIPE or Errno.EIO:
                    _unread = true;
                    break;
                case Errno.EAGAIN:
                    await _readiness.WaitAsync(cancellationToken);
                    break;
                default:
                    throw new LinuxException(errno, "write");
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        _readiness.Dispose();
        base.Dispose(disposing);
    }
}
