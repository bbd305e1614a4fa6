using CriShim.Linux;

namespace CriShim.CriServer.Programs;

/// <inheritdoc cref="IProgramRunner"/>
/// <param name="loop">Runs elsewhere; tells when a program has ended.</param>
internal sealed class ProgramRunner(EpollLoop loop) : IProgramRunner
{
    public async Task<ProgramResult> RunAsync(
        string path, IReadOnlyList<string> arguments, IReadOnlyList<string> variables, byte[] stdin, TimeSpan timeout, CancellationToken ct)
    {
        using var program = new RunningProgram(path, arguments, variables, stdin);
        var ended = WaitForEndAsync(program.PidFd);
        var timedOut = false;
        try
        {
            await ended.WaitAsync(timeout, ct);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            timedOut = e is TimeoutException;
            program.Kill();
            await ended;
        }

        var result = program.Reap(timedOut);
        ct.ThrowIfCancellationRequested();
        return result;
    }

    private Task WaitForEndAsync(PidFd process)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() => loop.Add(process.Handle, EpollEvents.Read, _ =>
        {
            loop.Remove(process.Handle);
            ended.SetResult();
        }));
        return ended.Task;
    }
}
