using CriShim.Linux;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>The one thread of the server that waits on descriptors: control connections, ends of child processes, output of ExecSync.</summary>
internal sealed class IoLoop : IDisposable
{
    private readonly EpollLoop _loop = new();
    private readonly Thread _thread;

    public IoLoop()
    {
        _thread = new Thread(_loop.Run, maxStackSize: 256 * 1024) { IsBackground = true, Name = "crishim-io" };
        _thread.Start();
    }

    /// <summary>The loop itself; only for code that the loop calls.</summary>
    public EpollLoop Loop => _loop;

    /// <summary>Has <paramref name="work"/> done on the loop's thread.</summary>
    public void Post(Action work) => _loop.Post(work);

    public void Dispose()
    {
        _loop.Stop();
        _thread.Join();
        _loop.Dispose();
    }
}
