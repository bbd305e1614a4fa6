using CriShim.Linux;
using CriShim.Runtime.Logging;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// One client of the container's own streams: the supervisor's ends of its pipes. The pipes are all the buffer it has. It is there as long
/// as one of them is open; closing the other ends is how it leaves, whether by its own will or because its server died.
/// </summary>
internal sealed class AttachedClient : IDisposable
{
    private readonly EpollLoop _loop;
    private readonly ContainerInput _containerInput;
    private readonly SafeFileHandle?[] _outputs;
    private readonly Action<AttachedClient> _onLeft;
    private SafeFileHandle? _input;

    /// <param name="input">Read end of the client's stdin, or null.</param>
    /// <param name="outputs">Write ends, by <see cref="LogStream"/>; null where not wanted.</param>
    /// <param name="onLeft">Called when the last pipe was closed from the other side.</param>
    public AttachedClient(
        string id, ControlConnection owner, EpollLoop loop, ContainerInput containerInput, SafeFileHandle? input, SafeFileHandle?[] outputs,
        Action<AttachedClient> onLeft)
    {
        Id = id;
        Owner = owner;
        _loop = loop;
        _containerInput = containerInput;
        _input = input;
        _outputs = outputs;
        _onLeft = onLeft;
    }

    public string Id { get; }

    /// <summary>The connection that asked for it, and is told of its end.</summary>
    public ControlConnection Owner { get; }

    /// <summary>Begins to take its input and to notice that it leaves. May call back at once.</summary>
    public void Begin()
    {
        foreach (var stream in (ReadOnlySpan<LogStream>)[LogStream.Stdout, LogStream.Stderr])
        {
            if (_outputs[(int)stream] is { } output)
            {
                PipePair.SetNonBlocking(output);

                // A pipe whose reader is gone is always reported (EPOLLERR, pipe(7)).
                _loop.Add(output, EpollEvents.None, _ => Leave(stream));
            }
        }

        if (_input is { } input)
        {
            _containerInput.Add(input, OnInputEnded);
        }
    }

    /// <summary>False when the client has left no room for all of it: a piece is missing from now on.</summary>
    public bool TryWrite(LogStream stream, ReadOnlySpan<byte> bytes)
    {
        if (_outputs[(int)stream] is not { } output)
        {
            return true;
        }

        var count = Fd.TryWrite(output, bytes, out var errno);

        // Its end will be reported by the loop.
        return count == bytes.Length || errno == Errno.EPIPE;
    }

    /// <summary>The container's stream has ended, and so does the client's.</summary>
    public void End(LogStream stream)
    {
        CloseOutput(stream);
    }

    public void Dispose()
    {
        CloseOutput(LogStream.Stdout);
        CloseOutput(LogStream.Stderr);
        if (_input is { } input)
        {
            _input = null;
            _containerInput.Remove(input);
        }
    }

    private void OnInputEnded()
    {
        _input = null;
        LeaveIfNothingIsOpen();
    }

    private void Leave(LogStream stream)
    {
        CloseOutput(stream);
        LeaveIfNothingIsOpen();
    }

    private void LeaveIfNothingIsOpen()
    {
        if (_input is null && _outputs[0] is null && _outputs[1] is null)
        {
            _onLeft(this);
        }
    }

    private void CloseOutput(LogStream stream)
    {
        if (_outputs[(int)stream] is { } output)
        {
            _outputs[(int)stream] = null;
            _loop.Remove(output);
            output.Dispose();
        }
    }
}
