using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.State;
using CriShim.CriServer.Streaming.Targets;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Containers.Streams;

/// <inheritdoc cref="IContainerStreams"/>
internal sealed class ContainerStreams(
    ContainerStore containers, LiveContainers live, ExecTargets targets, IoLoop io, RuntimeOptions options, TimeProvider time) : IContainerStreams
{
    private const string TerminalName = "TERM=xterm";

    public async Task<StreamedProcess> ExecAsync(string containerId, ExecStreamRequest request, CancellationToken cancellationToken)
    {
        var target = targets.Get(containerId);
        var execId = IdGenerator.Next();
        var process = ProcessFor(target.Process, request);
        var toSupervisor = new Runtime.Contract.ExecRequest(execId, process, OutlivesServer: !options.KillExecOnDisconnect);
        try
        {
            var exec = request.Tty
                ? await StartOnTerminalAsync(target, toSupervisor, request, cancellationToken)
                : await StartOnPipesAsync(target, toSupervisor, request, cancellationToken);
            _ = exec.EndAfterAsync(TimeSpan.FromMilliseconds(options.ExecDrainMilliseconds), time);
            return exec;
        }
        catch (OperationCanceledException)
        {
            await target.KillAsync(execId);
            throw;
        }
        catch (RuntimeException e)
        {
            throw new CriException(StatusMapper.ToKind(e.Error.Kind), $"failed to exec in container \"{target.ContainerId}\": {e.Message}", e);
        }
    }

    public async Task<StreamedProcess> AttachAsync(string containerId, AttachStreamRequest request, CancellationToken cancellationToken)
    {
        var container = containers.Get(containerId);
        if (container.State != ContainerState.ContainerRunning || live.Find(container.Id) is not { } supervisor)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to attach to container \"{container.Id}\": it is not running");
        }

        var pipes = new StreamPipes(io, request.Stdin, request.Stdout, request.Stderr && !container.Config.Tty);
        try
        {
            SafeFileHandle[] theirs = [.. pipes.OtherEnds.OfType<SafeFileHandle>()];
            var attach = new Runtime.Contract.AttachRequest(IdGenerator.Next(), pipes.Stdin is not null, pipes.Stdout is not null, pipes.Stderr is not null);
            var ended = await supervisor.AttachAsync(attach, theirs, cancellationToken);
            pipes.CloseOtherEnds();
            if (request.Size is { } size)
            {
                // Now that the client sees what the program draws for it.
                await supervisor.ResizeAsync(size.Rows, size.Columns, cancellationToken);
            }

            return new StreamedAttachment(container.Id, live, pipes, ended, () => containers.Find(container.Id)?.ExitCode ?? ExitReason.UnknownCode);
        }
        catch (Exception e)
        {
            pipes.Dispose();
            throw e is RuntimeException runtime
                ? new CriException(StatusMapper.ToKind(runtime.Error.Kind), $"failed to attach to container \"{container.Id}\": {e.Message}", e)
                : e;
        }
    }

    private async Task<StreamedExec> StartOnTerminalAsync(
        ExecTarget target, Runtime.Contract.ExecRequest toSupervisor, ExecStreamRequest request, CancellationToken cancellationToken)
    {
        var started = await target.Supervisor.ExecAsync(toSupervisor, [], cancellationToken);
        var terminal = started.Terminal ?? throw new RuntimeException(RuntimeErrorKind.Unknown, "the supervisor made no terminal");
        var exec = new StreamedExec(target, toSupervisor.ExecId, options.KillExecOnDisconnect, started.Ended, terminal, io, request.Stdin);
        if (!request.Stdout)
        {
            // Nobody wants it, and the command would wait for somebody to take it.
            _ = exec.Stdout!.CopyToAsync(Stream.Null, CancellationToken.None);
        }

        return exec;
    }

    private async Task<StreamedExec> StartOnPipesAsync(
        ExecTarget target, Runtime.Contract.ExecRequest toSupervisor, ExecStreamRequest request, CancellationToken cancellationToken)
    {
        var pipes = new StreamPipes(io, request.Stdin, request.Stdout, request.Stderr);
        using var devNull = Fd.Open("/dev/null", O_RDWR);
        try
        {
            var started = await target.Supervisor.ExecAsync(toSupervisor, [.. pipes.OtherEnds.Select(end => end ?? devNull)], cancellationToken);
            pipes.CloseOtherEnds();
            return new StreamedExec(target, toSupervisor.ExecId, options.KillExecOnDisconnect, started.Ended, pipes);
        }
        catch
        {
            pipes.Dispose();
            throw;
        }
    }

    private static ProcessSpec ProcessFor(ProcessSpec container, ExecStreamRequest request)
    {
        var process = container with { Args = request.Command, Terminal = request.Tty, ConsoleSize = null };
        if (!request.Tty)
        {
            return process;
        }

        var environment = process.Env ?? [];
        return process with
        {
            Env = environment.Any(variable => variable.AsSpan().StartsWith("TERM="u8)) ? environment : [.. environment, System.Text.Encoding.ASCII.GetBytes(TerminalName)],
            ConsoleSize = request.Size is { } size ? new ConsoleSize { Height = size.Rows, Width = size.Columns } : null,
        };
    }
}
