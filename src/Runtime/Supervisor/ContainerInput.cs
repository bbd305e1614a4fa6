using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// The container's standard input: what attached clients write into their pipes goes on to the program's pipe or terminal, moved by the
/// kernel. A program that does not read holds up nobody but the clients that write.
/// </summary>
/// <param name="target">Write end of the program's stdin, or its terminal; null: the container has no input.</param>
/// <param name="endsWithFirst">The end of the first client's input is the end of the program's.</param>
internal sealed class ContainerInput(EpollLoop loop, SafeFileHandle? target, bool endsWithFirst) : IDisposable
{
    private const int MaxMove = 64 * 1024;

    private readonly List<Source> _sources = new(0);
    private SafeFileHandle? _target = target;
    private bool _full;

    /// <summary>Takes over the read end of a client's pipe; without an input it is closed at once. May call back at once.</summary>
    /// <param name="onEnded">Called once, after the pipe was closed here; not after <see cref="Remove"/>.</param>
    public void Add(SafeFileHandle pipe, Action onEnded)
    {
        if (_target is null)
        {
            pipe.Dispose();
            onEnded();
            return;
        }

        PipePair.SetNonBlocking(_target);
        var source = new Source(pipe, onEnded);
        _sources.Add(source);
        if (!_full)
        {
            Watch(source);
        }
    }

    /// <summary>The client is given up: what it wrote and the program has not taken is lost.</summary>
    public void Remove(SafeFileHandle pipe)
    {
        if (_sources.Find(source => source.Pipe == pipe) is { } source)
        {
            Drop(source);
            EndIfFirst();
        }
    }

    /// <summary>The end of the program's input, for good.</summary>
    public void Dispose()
    {
        if (_target is null)
        {
            return;
        }

        if (_full)
        {
            loop.Remove(_target);
        }

        _target.Dispose();
        _target = null;
        foreach (var source in _sources.ToArray())
        {
            Drop(source);
            source.OnEnded();
        }
    }

    private void OnReadable(Source source)
    {
        var count = PipePair.TryMove(source.Pipe, _target!, MaxMove, out var errno);
        if (count == 0)
        {
            Drop(source);
            source.OnEnded();
            EndIfFirst();
        }
        else if (errno == Errno.EAGAIN)
        {
            WaitForRoom();
        }
        else if (count < 0)
        {
            // Nobody reads it any more.
            Dispose();
        }
    }

    private void EndIfFirst()
    {
        if (endsWithFirst)
        {
            Dispose();
        }
    }

    /// <summary>Sources leave the loop meanwhile: one whose other end is closed would be reported for ever.</summary>
    private void WaitForRoom()
    {
        _full = true;
        foreach (var source in _sources)
        {
            loop.Remove(source.Pipe);
        }

        loop.Add(_target!, EpollEvents.Write, _ => OnRoom());
    }

    private void OnRoom()
    {
        _full = false;
        loop.Remove(_target!);
        foreach (var source in _sources)
        {
            Watch(source);
        }
    }

    private void Watch(Source source) => loop.Add(source.Pipe, EpollEvents.Read, _ => OnReadable(source));

    private void Drop(Source source)
    {
        _sources.Remove(source);
        loop.Remove(source.Pipe);
        source.Pipe.Dispose();
    }

    private sealed record Source(SafeFileHandle Pipe, Action OnEnded);
}
