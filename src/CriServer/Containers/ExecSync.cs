using System.Collections.Concurrent;
using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.State;
using CriShim.Linux;
using CriShim.Oci;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Google.Protobuf;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Containers;

/// <summary>
/// Runs a command in a container and answers its output and exit code. The command's time limit, and a client that leaves, kill it with
/// all its descendants; children that it leaves behind do not hold up the answer longer than the configured drain.
/// </summary>
internal sealed class ExecSync(ContainerStore containers, LiveContainers live, IoLoop io, StateLayout layout, RuntimeOptions options, TimeProvider time)
{
    /// <summary>The CRI's limit of each output; what is more is read and dropped.</summary>
    public const int MaxOutputBytes = 16 * 1024 * 1024;

    private const long MaxTimeoutSeconds = 40L * 24 * 3600;

    /// <summary>The process part of each container's spec, by container id: the spec with its seccomp list is large, and never changes.</summary>
    private readonly ConcurrentDictionary<string, ProcessSpec> _processes = new(StringComparer.Ordinal);

    public async Task<ExecSyncResponse> ExecuteAsync(ExecSyncRequest request, CancellationToken cancellationToken)
    {
        if (request.Cmd.Count == 0 || request.Timeout < 0)
        {
            throw CriException.InvalidArgument(request.Cmd.Count == 0 ? "cmd is empty" : $"timeout {request.Timeout} is negative");
        }

        var container = containers.Get(request.ContainerId);
        if (container.State != ContainerState.ContainerRunning || live.Find(container.Id) is not { } supervisor)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to exec in container \"{container.Id}\": it is not running");
        }

        using var limit = request.Timeout == 0
            ? new CancellationTokenSource()
            : new CancellationTokenSource(TimeSpan.FromSeconds(Math.Min(request.Timeout, MaxTimeoutSeconds)), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await RunAsync(container, supervisor, request.Cmd, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new CriException(
                CriErrorKind.DeadlineExceeded, $"failed to exec in container \"{container.Id}\": command timed out after {request.Timeout} s");
        }
        catch (RuntimeException e)
        {
            throw new CriException(StatusMapper.ToKind(e.Error.Kind), $"failed to exec in container \"{container.Id}\": {e.Message}", e);
        }
    }

    private async Task<ExecSyncResponse> RunAsync(
        Container container, ISupervisor supervisor, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var execId = IdGenerator.Next();
        using var stdin = Fd.Open("/dev/null", O_RDONLY);
        using var stdout = new OutputCapture(io, MaxOutputBytes);
        using var stderr = new OutputCapture(io, MaxOutputBytes);
        var process = ProcessOf(container.Id) with { Args = [.. command], Terminal = false };
        try
        {
            var ending = await supervisor.ExecAsync(new Runtime.Contract.ExecRequest(execId, process), [stdin, stdout.Writer, stderr.Writer], cancellationToken);
            stdout.BeginRead();
            stderr.BeginRead();
            var ended = await ending.WaitAsync(cancellationToken);
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
            await KillAsync(supervisor, execId);
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

    private static async Task KillAsync(ISupervisor supervisor, string execId)
    {
        try
        {
            await supervisor.ExecKillAsync(execId, CancellationToken.None);
        }
        catch (RuntimeException)
        {
            // It has ended, or the whole container has.
        }
    }

    private ProcessSpec ProcessOf(string containerId)
    {
        if (_processes.TryGetValue(containerId, out var known))
        {
            return known;
        }

        var spec = JsonSerializer.Deserialize(File.ReadAllBytes(layout.ContainerSpec(containerId)), OciJsonContext.Default.Spec);
        var process = spec?.Process ?? throw new CriException(CriErrorKind.Unknown, $"failed to read spec of container \"{containerId}\"");
        _processes[containerId] = process;
        _ = live.EndedAsync(containerId).ContinueWith(
            _ => _processes.TryRemove(containerId, out var _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return process;
    }
}
