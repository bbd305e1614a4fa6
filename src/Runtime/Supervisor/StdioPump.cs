using CriShim.Linux;
using CriShim.Runtime.Logging;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// The supervisor's ends of the container's stdio: what comes from stdout and stderr goes to the log; the write end of stdin is kept for
/// attach where the container has one.
/// </summary>
internal sealed class StdioPump : IDisposable
{
    /// <summary>Reads past the end of the container: at most this much more per stream, so that a stranger who holds a pipe cannot keep it.</summary>
    private const int MaxFinalReads = 64;

    private static readonly TimeSpan s_idle = TimeSpan.FromMilliseconds(500);

    private readonly EpollLoop _loop;
    private readonly CriLogWriter _log;
    private readonly SafeFileHandle?[] _readers;
    private readonly SafeFileHandle? _stdin;
    private readonly LoopTimer _idleTimer;
    private readonly Action _onEnded;

    /// <param name="stdin">Write end, or null.</param>
    /// <param name="onEnded">Called once both streams are at their end.</param>
    public StdioPump(EpollLoop loop, CriLogWriter log, SafeFileHandle stdout, SafeFileHandle stderr, SafeFileHandle? stdin, Action onEnded)
    {
        _loop = loop;
        _log = log;
        _readers = [stdout, stderr];
        _stdin = stdin;
        _onEnded = onEnded;
        _idleTimer = loop.CreateTimer(log.DiscardMemory);
        Watch(LogStream.Stdout);
        Watch(LogStream.Stderr);
    }

    public bool Ended => _readers[0] is null && _readers[1] is null;

    /// <summary>Takes what is in the pipes now and ends both streams, whoever still holds their other ends.</summary>
    public void Finish()
    {
        foreach (var stream in (ReadOnlySpan<LogStream>)[LogStream.Stdout, LogStream.Stderr])
        {
            for (var i = 0; i < MaxFinalReads && ReadOnce(stream); i++)
            {
            }

            End(stream);
        }
    }

    public void Dispose()
    {
        _idleTimer.Stop();
        _stdin?.Dispose();
        foreach (var stream in (ReadOnlySpan<LogStream>)[LogStream.Stdout, LogStream.Stderr])
        {
            Close(stream);
        }
    }

    private void Watch(LogStream stream)
    {
        var reader = _readers[(int)stream]!;
        PipePair.SetNonBlocking(reader);
        _loop.Add(reader, EpollEvents.Read, _ => OnReadable(stream));
    }

    private void OnReadable(LogStream stream)
    {
        ReadOnce(stream);
        if (Ended)
        {
            _onEnded();
        }
    }

    /// <summary>True when something was read.</summary>
    private bool ReadOnce(LogStream stream)
    {
        if (_readers[(int)stream] is not { } reader)
        {
            return false;
        }

        var count = Fd.Read(reader, _log.ReadSpace(stream), "stdio pipe");
        if (count == 0)
        {
            End(stream);
        }
        else if (count > 0)
        {
            _log.Commit(stream, count);
            _idleTimer.Start(s_idle);
        }

        return count > 0;
    }

    private void End(LogStream stream)
    {
        if (_readers[(int)stream] is not null)
        {
            Close(stream);
            _log.End(stream);
        }
    }

    private void Close(LogStream stream)
    {
        if (_readers[(int)stream] is { } reader)
        {
            _loop.Remove(reader);
            reader.Dispose();
            _readers[(int)stream] = null;
        }
    }
}
