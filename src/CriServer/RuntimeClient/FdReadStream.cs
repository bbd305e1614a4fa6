using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>
/// Reads a pipe or a terminal's master without a thread that waits. Its end is the end of the pipe, the close of the terminal's last slave,
/// or what <see cref="EndWhenEmpty"/> makes it. A reader that is woken for each write of a fast writer costs more than the bytes: while much
/// comes in many pieces, it lets them gather for a millisecond, in a pipe that holds more than comes in that time.
/// </summary>
/// <param name="fd">Owned from now on.</param>
internal sealed class FdReadStream(IoLoop io, SafeFileHandle fd) : OneWayStream
{
    private readonly FdReadiness _readiness = new(io, fd, EpollEvents.Read);
    private readonly ArrivalRate _arrivals = new();
    private long _allowance = long.MaxValue;

    public override bool CanRead => true;

    /// <summary>The end comes as soon as there is nothing to read, though somebody may hold the other end open; and after so much in any case.</summary>
    public void EndWhenEmpty(long maxBytes)
    {
        Interlocked.Exchange(ref _allowance, maxBytes);
        _readiness.Wake();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var allowance = Interlocked.Read(ref _allowance);
            if (allowance <= 0 || buffer.IsEmpty)
            {
                return 0;
            }

            var count = Fd.TryRead(_readiness.Fd, buffer.Span, out var errno);
            if (count >= 0)
            {
                Spend(count);
                _arrivals.Add(count);
                return count;
            }

            switch (errno)
            {
                case Errno.EAGAIN when allowance != long.MaxValue:
                case Errno.EIO:
                    return 0;
                case Errno.EAGAIN when _arrivals.IsFastAtPause():
                    await Task.Delay(ArrivalRate.Pause, cancellationToken);
                    break;
                case Errno.EAGAIN:
                    await _readiness.WaitAsync(cancellationToken);
                    break;
                default:
                    throw new LinuxException(errno, "read");
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        _readiness.Dispose();
        base.Dispose(disposing);
    }

    private void Spend(int count)
    {
        if (Interlocked.Read(ref _allowance) != long.MaxValue)
        {
            Interlocked.Add(ref _allowance, -count);
        }
    }
}
