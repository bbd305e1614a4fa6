using CriShim.CriServer.Errors;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Streaming.Targets;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Containers.Streams;

/// <summary>
/// A command on a client's streams. What passes between them passes this process alone: pipes, or the master of a terminal that the
/// supervisor made. Children that the command leaves behind keep its outputs open no longer than the configured drain.
/// </summary>
internal sealed class StreamedExec : StreamedProcess
{
    private readonly ExecTarget _target;
    private readonly string _execId;
    private readonly bool _killOnDispose;
    private readonly SafeFileHandle? _terminal;
    private readonly FdWriteStream? _stdin;
    private readonly FdReadStream? _stdout;
    private readonly FdReadStream? _stderr;

    /// <summary>On pipes.</summary>
    public StreamedExec(ExecTarget target, string execId, bool killOnDispose, Task<ExecExitedEvent> ended, StreamPipes pipes)
        : this(target, execId, killOnDispose, ended)
    {
        _stdin = pipes.Stdin;
        _stdout = pipes.Stdout;
        _stderr = pipes.Stderr;
    }

    /// <summary>On a terminal, whose master it owns from now on.</summary>
    public StreamedExec(
        ExecTarget target, string execId, bool killOnDispose, Task<ExecExitedEvent> ended, SafeFileHandle terminal, IoLoop io, bool stdin)
        : this(target, execId, killOnDispose, ended)
    {
        _terminal = terminal;
        _stdin = stdin ? new FdWriteStream(io, Fd.Duplicate(terminal)) : null;
        _stdout = new FdReadStream(io, Fd.Duplicate(terminal));
    }

    private StreamedExec(ExecTarget target, string execId, bool killOnDispose, Task<ExecExitedEvent> ended)
    {
        _target = target;
        _execId = execId;
        _killOnDispose = killOnDispose;
        Exit = CodeAsync(target.ContainerId, ended);
    }

    public override Stream? Stdin => _stdin;

    public override Stream? Stdout => _stdout;

    public override Stream? Stderr => _stderr;

    public override Task<int> Exit { get; }

    /// <summary>Ends the outputs so long after the command, whoever holds their other ends.</summary>
    public async Task EndAfterAsync(TimeSpan drain, TimeProvider time)
    {
        await ((Task)Exit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(drain, time);
        _stdout?.EndWhenEmpty(StreamPipes.Capacity);
        _stderr?.EndWhenEmpty(StreamPipes.Capacity);
    }

    public override ValueTask ResizeAsync(TerminalSize size)
    {
        if (_terminal is { IsClosed: false })
        {
            Terminal.SetSize(_terminal, size.Rows, size.Columns);
        }

        return ValueTask.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_killOnDispose && !Exit.IsCompleted)
        {
            await _target.KillAsync(_execId);
        }

        _stdin?.Dispose();
        _stdout?.Dispose();
        _stderr?.Dispose();
        _terminal?.Dispose();
    }

    private static async Task<int> CodeAsync(string containerId, Task<ExecExitedEvent> ended)
    {
        try
        {
            return (await ended).ExitCode;
        }
        catch (RuntimeException e)
        {
            throw new CriException(StatusMapper.ToKind(e.Error.Kind), $"failed to exec in container \"{containerId}\": {e.Message}", e);
        }
    }
}
