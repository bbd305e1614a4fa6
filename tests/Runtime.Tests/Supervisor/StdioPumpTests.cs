using CriShim.Linux;
using CriShim.Runtime.Logging;
using CriShim.Runtime.Supervisor;

namespace CriShim.Runtime.Tests.Supervisor;

public sealed class StdioPumpTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-test-").FullName;
    private readonly EpollLoop _loop = new();
    private readonly PipePair _out = PipePair.Create();
    private readonly PipePair _error = PipePair.Create();
    private readonly CriLogWriter _log;
    private readonly AttachSessions _attached;
    private readonly StdioPump _pump;
    private int _ended;

    public StdioPumpTests()
    {
        _log = new CriLogWriter(LogPath, 0, TimeProvider.System, new RuntimeLog(null, TimeProvider.System));
        _attached = new AttachSessions(_loop, new ContainerInput(_loop, null, endsWithFirst: false));
        _pump = new StdioPump(_loop, _log, _attached, _out.Reader, _error.Reader, () => _ended++);
    }

    private string LogPath => Path.Combine(_folder, "0.log");

    public void Dispose()
    {
        _pump.Dispose();
        _log.Dispose();
        _loop.Dispose();
        _out.Dispose();
        _error.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Loop_BothPipesClosed_EndsOnceWithAllLogged()
    {
        Fd.WriteAll(_out.Writer, "one\ntwo"u8);
        Fd.WriteAll(_error.Writer, "err\n"u8);
        _out.Writer.Dispose();
        _error.Writer.Dispose();
        for (var i = 0; i < 100 && !_pump.Ended; i++)
        {
            _loop.RunOnce(1000);
        }

        Assert.Equal(1, _ended);
        Assert.Equal(["err", "one", "two"], File.ReadAllLines(LogPath).Select(line => line[40..]).Order());
    }

    [Fact]
    public void Finish_PipeStillHeld_TakesWhatIsThereAndEnds()
    {
        Fd.WriteAll(_out.Writer, "last words"u8);
        _pump.Finish();
        Assert.True(_pump.Ended);
        Assert.EndsWith(" stdout P last words\n", File.ReadAllText(LogPath), StringComparison.Ordinal);
    }
}
