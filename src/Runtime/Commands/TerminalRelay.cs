using System.Runtime.InteropServices;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Polling;
using static CriShim.Linux.LibC.TerminalCalls;

namespace CriShim.Runtime.Commands;

/// <summary>
/// Between the user's terminal (or whatever standard input and output are) and a container's: input as it is typed, output as it comes,
/// the size when it changes.
/// </summary>
internal sealed class TerminalRelay : IDisposable
{
    private const int BufferBytes = 32 * 1024;

    private readonly SafeFileHandle _master;
    private readonly SafeFileHandle _input = ContainerMaker.Inherited(0);
    private readonly SafeFileHandle _output = ContainerMaker.Inherited(1);
    private readonly termios_t? _mode;
    private readonly PosixSignalRegistration? _resize;
    private bool _inputEnded;

    /// <param name="master">Of the container's terminal; closed with this.</param>
    public TerminalRelay(SafeFileHandle master)
    {
        _master = master;
        _mode = Terminal.MakeRaw(_input);
        if (_mode is not null)
        {
            CopySize();
            _resize = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => CopySize());
        }
    }

    /// <summary>Until the process has ended and all it wrote is passed on.</summary>
    public void Run(PidFd process)
    {
        var buffer = new byte[BufferBytes];
        Span<pollfd> entries = [Entry(_master), Entry(_input), Entry(process.Handle)];
        while (true)
        {
            entries[1].fd = _inputEnded ? -1 : Number(_input);
            if (poll(entries, 3, -1) < 0)
            {
                if (Check.LastErrno is var errno && errno != Errno.EINTR)
                {
                    throw new LinuxException(errno, "poll");
                }

                continue;
            }

            var hasOutput = entries[0].revents != 0 && PassOutput(buffer);
            if (entries[1].revents != 0 && !_inputEnded)
            {
                PassInput(buffer);
            }

            if (!hasOutput && entries[2].revents != 0)
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        _resize?.Dispose();
        if (_mode is { } mode)
        {
            Terminal.Restore(_input, mode);
        }

        _master.Dispose();
    }

    /// <summary>False at the end: the last slave is closed (EIO).</summary>
    private bool PassOutput(byte[] buffer)
    {
        try
        {
            var count = Fd.Read(_master, buffer);
            if (count > 0)
            {
                Fd.WriteAll(_output, buffer.AsSpan(0, count));
            }

            return count > 0;
        }
        catch (LinuxException e) when (e.Errno == Errno.EIO)
        {
            return false;
        }
    }

    private void PassInput(byte[] buffer)
    {
        var count = Fd.Read(_input, buffer);
        _inputEnded = count == 0;
        if (count > 0)
        {
            Fd.WriteAll(_master, buffer.AsSpan(0, count));
        }
    }

    private void CopySize()
    {
        if (Terminal.GetSize(_input) is var (rows, columns))
        {
            Terminal.SetSize(_master, rows, columns);
        }
    }

    private static pollfd Entry(SafeFileHandle fd) => new() { fd = Number(fd), events = POLLIN };

    private static int Number(SafeFileHandle fd) => (int)fd.DangerousGetHandle();
}
