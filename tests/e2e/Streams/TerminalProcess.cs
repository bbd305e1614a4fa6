using System.Text;
using CriShim.CriServer.RuntimeClient;
using CriShim.Linux;
using CriShim.TestKit;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.E2e.Streams;

/// <summary>A program at a terminal that the test plays the person of.</summary>
internal sealed class TerminalProcess : IDisposable
{
    private const int SIGWINCH = 28;
    private const int SIGKILL = 9;

    private readonly SafeFileHandle _master = Fd.Open("/dev/ptmx", O_RDWR | O_NOCTTY);
    private readonly IoLoop _io = new();
    private readonly ChildProcess _process;

    public TerminalProcess(ushort rows, ushort columns, string program, params string[] arguments)
    {
        using var slave = Terminal.OpenSlave(_master);
        Terminal.SetSize(_master, rows, columns);
        _process = ChildProcess.Start(new ChildProcessOptions(program, [program, .. arguments])
        {
            Fds = [(0, slave), (1, slave), (2, slave)],
            NewSession = true,
            Environment = ["PATH=" + Environment.GetEnvironmentVariable("PATH"), "TERM=xterm"],
        });
        Output = new FdReadStream(_io, Fd.Duplicate(_master));
    }

    public Stream Output { get; }

    public void Type(string text) => Fd.WriteAll(_master, Encoding.UTF8.GetBytes(text));

    public void Resize(ushort rows, ushort columns)
    {
        Terminal.SetSize(_master, rows, columns);
        _process.PidFd.SendSignal(SIGWINCH);
    }

    /// <summary>The exit code.</summary>
    public Task<int> EndAsync() => Task.Run(() => _process.PidFd.Reap().ExitCode).WaitAsync(Patience.Seconds(20));

    public void Dispose()
    {
        _process.PidFd.SendSignal(SIGKILL);
        Output.Dispose();
        _master.Dispose();
        _process.Dispose();
        _io.Dispose();
    }
}
