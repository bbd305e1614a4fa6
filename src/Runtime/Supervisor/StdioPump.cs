using CriShim.Linux;
using CriShim.Runtime.Logging;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// The supervisor's ends of the container's output: what comes from stdout and stderr goes to those who are attached and to the log.
/// A terminal is one stream, stdout.
/// </summary>
internal sealed class StdioPump : IDisposable
{
    /// <summary>Reads past the end of the container: at most this much more per stream, so that a stranger who holds a pipe cannot keep it.</summary>
    private const int MaxFinalReads = 64;

    private static readonly TimeSpan s_idle = TimeSpan.FromMilliseconds(500);

    private readonly EpollLoop _loop;
    private readonly CriLogWriter _log;
    private readonly AttachSessions _attached;
    private readonly SafeFileHandle?[] _readers;
    private readonly LoopTimer _idleTimer;
    private readonly Action _onEnded;

    /// <param name="stderr">Null with a terminal.</param>
    /// <param name="onEnded">Called once both streams are at their end.</param>
    public StdioPump(
        EpollLoop loop, CriLogWriter log, AttachSessions attached, SafeFileHandle stdout, SafeFileHandle? stderr, Action onEnded)
    {
        _loop = loop;
        _log = log;
        _attached = attached;
        _readers = [stdout, stderr];
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
        foreach (var stream in (ReadOnlySpan<LogStream>)[LogStream.Stdout, LogStream.Stderr])
        {
            Close(stream);
        }
    }

    private void Watch(LogStream stream)
    {
        if (_readers[(int)stream] is { } reader)
        {
            PipePair.SetNonBlocking(reader);
            _loop.Add(reader, EpollEvents.Read, _ => OnReadable(stream));
        }
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

        var space = _log.ReadSpace(stream);
        var count = Fd.TryRead(reader, space, out var errno);
        if (count > 0)
        {
            _attached.Write(stream, space[..count]);
            _log.Commit(stream, count);
            _idleTimer.Start(s_idle);
        }
        else if (errno != Errno.EAGAIN)
        {
            // The end: of a pipe 0, of a terminal EIO; nothing else is known to come, and what cannot be read is at its end too.
            End(stream);
        }

        return count > 0;
    }

    private void End(LogStream stream)
    {
        if (_readers[(int)stream] is not null)
        {
            Close(stream);
            _log.End(stream);
            _attached.End(stream);
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
