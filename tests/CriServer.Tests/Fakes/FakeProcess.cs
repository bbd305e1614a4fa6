using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using CriShim.CriServer.Streaming.Targets;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A process that the test plays.</summary>
internal sealed class FakeProcess : StreamedProcess
{
    private readonly Pipe _stdin = new();
    private readonly Pipe _stdout = new();
    private readonly Pipe _stderr = new();
    private readonly TaskCompletionSource<int> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeProcess(bool stdin, bool stdout, bool stderr)
    {
        Stdin = stdin ? _stdin.Writer.AsStream() : null;
        Stdout = stdout ? _stdout.Reader.AsStream() : null;
        Stderr = stderr ? _stderr.Reader.AsStream() : null;
    }

    public override Stream? Stdin { get; }

    public override Stream? Stdout { get; }

    public override Stream? Stderr { get; }

    public override Task<int> Exit => _exit.Task;

    public BlockingCollection<TerminalSize> Sizes { get; } = [];

    /// <summary>The session has let it go.</summary>
    public Task Disposed => _disposed.Task;

    public Stream ReadsStdin => _stdin.Reader.AsStream();

    public Stream WritesStdout => _stdout.Writer.AsStream(leaveOpen: true);

    public async Task PrintAsync(string text, bool toStderr = false) =>
        await (toStderr ? _stderr : _stdout).Writer.WriteAsync(Encoding.UTF8.GetBytes(text));

    public async Task<string> ReadStdinAsync() => await new StreamReader(ReadsStdin).ReadToEndAsync();

    public void CloseOutput()
    {
        _stdout.Writer.Complete();
        _stderr.Writer.Complete();
    }

    /// <param name="closeOutput">False: a child still holds its pipes.</param>
    public void End(int code, bool closeOutput = true)
    {
        if (closeOutput)
        {
            CloseOutput();
        }

        _exit.TrySetResult(code);
    }

    public void Break(Exception cause) => _exit.TrySetException(cause);

    public override ValueTask ResizeAsync(TerminalSize size)
    {
        Sizes.Add(size);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }
}
