using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.State;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using Google.Protobuf;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Containers;

/// <summary>
/// Runs a command in a container and answers its output and exit code. The command's time limit, and a client that leaves, kill it with
/// all its descendants; children that it leaves behind do not hold up the answer longer than the configured drain.
/// </summary>
internal sealed class ExecSync(ExecTargets targets, IoLoop io, RuntimeOptions options, TimeProvider time)
{
    /// <summary>The CRI's limit of each output; what is more is read and dropped.</summary>
    public const int MaxOutputBytes = 16 * 1024 * 1024;

    private const long MaxTimeoutSeconds = 40L * 24 * 3600;

    public async Task<ExecSyncResponse> ExecuteAsync(ExecSyncRequest request, CancellationToken cancellationToken)
    {
        if (request.Cmd.Count == 0 || request.Timeout < 0)
        {
            throw CriException.InvalidArgument(request.Cmd.Count == 0 ? "cmd is empty" : $"timeout {request.Timeout} is negative");
        }

        var target = targets.Get(request.ContainerId);
        using var limit = request.Timeout == 0
            ? new CancellationTokenSource()
            : new CancellationTokenSource(TimeSpan.FromSeconds(Math.Min(request.Timeout, MaxTimeoutSeconds)), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await RunAsync(target, request.Cmd, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new CriException(
                CriErrorKind.DeadlineExceeded, $"failed to exec in container \"{target.ContainerId}\": command timed out after {request.Timeout} s");
        }
        catch (RuntimeException e)
        {
            throw new CriException(StatusMapper.ToKind(e.Error.Kind), $"failed to exec in container \"{target.ContainerId}\": {e.Message}", e);
        }
    }

    private async Task<ExecSyncResponse> RunAsync(ExecTarget target, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var execId = IdGenerator.Next();
        using var stdin = Fd.Open("/dev/null", O_RDONLY);
        using var stdout = new OutputCapture(io, MaxOutputBytes);
        using var stderr = new OutputCapture(io, MaxOutputBytes);
        var process = target.Process with { Args = [.. command], Terminal = false };
        try
        {
            var request = new Runtime.Contract.ExecRequest(execId, process);
            var started = await target.Supervisor.ExecAsync(request, [stdin, stdout.Writer, stderr.Writer], cancellationToken);
            stdout.BeginRead();
            stderr.BeginRead();
            var ended = await started.Ended.WaitAsync(cancellationToken);
            await DrainAsync(stdout, stderr);
            return new ExecSyncResponse
            {
                Stdout = UnsafeByteOperations.UnsafeWrap(stdout.Take()),
                Stderr = UnsafeByteOperations.UnsafeWrap(stderr.Take()),
                ExitCode = ended.ExitCode,
            };
        }
        catch (OperationCanceledException)
        {
            await target.KillAsync(execId);
            throw;
        }
    }

    private async Task DrainAsync(OutputCapture stdout, OutputCapture stderr)
    {
        var drained = Task.WhenAll(stdout.Ended, stderr.Ended);
        if (!drained.IsCompleted)
        {
            await Task.WhenAny(drained, Task.Delay(TimeSpan.FromMilliseconds(options.ExecDrainMilliseconds), time));
        }
    }
}
