using CriShim.CriServer.RuntimeClient;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Containers;

/// <summary>Reads one output of a command through a pipe until its end, keeps so much of it, drops the rest. Never blocks the command.</summary>
internal sealed class OutputCapture : IDisposable
{
    private const int ReadBytes = 64 * 1024;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly PipePair _pipe = PipePair.Create();
    private readonly IoLoop _io;
    private readonly int _limit;
    private byte[] _kept = [];
    private int _count;
    private bool _closed;

    public OutputCapture(IoLoop io, int limitBytes)
    {
        _io = io;
        _limit = limitBytes;
        PipePair.SetNonBlocking(_pipe.Reader);
    }

    /// <summary>The command's end.</summary>
    public SafeFileHandle Writer => _pipe.Writer;

    /// <summary>Ends when no process holds the writing end any more.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Closes this process's copy of the writing end, which the command has by now, and begins to read.</summary>
    public void BeginRead()
    {
        _pipe.Writer.Dispose();
        _io.Post(() =>
        {
            if (!_closed)
            {
                _io.Loop.Add(_pipe.Reader, EpollEvents.Read, _ => OnReadable());
                OnReadable();
            }
        });
    }

    /// <summary>What was kept so far.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        lock (_gate)
        {
            return _kept.AsMemory(0, _count);
        }
    }

    public void Dispose()
    {
        _pipe.Writer.Dispose();
        _io.Post(Close);
    }

    private void OnReadable()
    {
        Span<byte> buffer = stackalloc byte[ReadBytes];
        while (!_closed)
        {
            var count = Fd.Read(_pipe.Reader, buffer);
            if (count < 0)
            {
                return;
            }

            if (count == 0)
            {
                Close();
                return;
            }

            Keep(buffer[..count]);
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            var taken = Math.Min(bytes.Length, _limit - _count);
            if (_count + taken > _kept.Length)
            {
                // A new array, never the old one grown in place: Take may have handed that out.
                Array.Resize(ref _kept, Math.Min(_limit, Math.Max(_count + taken, _kept.Length * 2)));
            }

            bytes[..taken].CopyTo(_kept.AsSpan(_count));
            _count += taken;
        }
    }

    private void Close()
    {
        if (!_closed)
        {
            _closed = true;
            _io.Loop.Remove(_pipe.Reader);
            _pipe.Reader.Dispose();
            _ended.TrySetResult();
        }
    }
}
