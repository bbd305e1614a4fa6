using System.Collections.Concurrent;
using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Snapshots;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Specs;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers.Dumps;

/// <summary>
/// Saves a running container to an archive, to be looked into, and lets it go on (KEP-2008, "forensic container checkpointing"):
/// <list type="number">
/// <item>check: it runs, criu is there, the archive can be where it is wanted</item>
/// <item>a `dump` process has criu save its processes and hold them still; meanwhile what the container wrote is packed</item>
/// <item>it goes on; the archive is written and appears under its name, whole</item>
/// </list>
/// When the time is over, or the client leaves, it goes on too, and nothing is left.
/// </summary>
internal sealed class CheckpointContainer(
    ContainerStore containers, SandboxStore sandboxes, IRuntimeClient runtime, ISnapshotter snapshotter, StateLayout layout, DumpFolders folders, CriuProgram criu, TimeProvider time)
{
    private const long MaxTimeoutSeconds = 40L * 24 * 3600;

    private readonly ConcurrentDictionary<string, bool> _running = new(StringComparer.Ordinal);

    /// <exception cref="CriException">
    /// NotFound. InvalidArgument: names the field. FailedPrecondition: it does not run, or criu cannot work here. DeadlineExceeded.
    /// </exception>
    public async Task ExecuteAsync(CheckpointContainerRequest request, CancellationToken cancellationToken)
    {
        // 1
        var container = containers.Get(request.ContainerId);
        var location = DumpLocation.Check(request.Location);
        if (request.Timeout < 0)
        {
            throw CriException.InvalidArgument($"timeout {request.Timeout} is negative");
        }

        if (container.State != ContainerState.ContainerRunning || container.Supervisor is not { } supervisor)
        {
            throw Failed(CriErrorKind.FailedPrecondition, container, "it is not running");
        }

        var program = criu.Find() ?? throw Failed(CriErrorKind.FailedPrecondition, container, $"criu is not installed (runtime.criu \"{criu.Name}\")");
        if (!_running.TryAdd(container.Id, true))
        {
            throw Failed(CriErrorKind.FailedPrecondition, container, "another checkpoint of it is being made");
        }

        using var limit = request.Timeout == 0
            ? new CancellationTokenSource()
            : new CancellationTokenSource(TimeSpan.FromSeconds(Math.Min(request.Timeout, MaxTimeoutSeconds)), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await SaveAsync(container, supervisor, program, location, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw Failed(CriErrorKind.DeadlineExceeded, container, $"it was not done after {request.Timeout} s; the container goes on");
        }
        catch (RuntimeException e)
        {
            throw Failed(StatusMapper.ToKind(e.Error.Kind), container, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(Images.FreeSpace.IsExhausted(e) ? CriErrorKind.ResourceExhausted : CriErrorKind.Unknown, container, e.Message, e);
        }
        finally
        {
            folders.Remove(container.Id);
            _running.TryRemove(container.Id, out _);
        }
    }

    private async Task SaveAsync(Container container, SupervisorRecord supervisor, string program, string location, CancellationToken cancellationToken)
    {
        // 2
        var folder = folders.Make(container.Id);
        var request = new DumpRequest(
            container.Id, layout.ContainerFolder(container.Id), supervisor.InitPid, container.CgroupPath, folder.Images, folder.Path, program);
        var at = time.GetUtcNow();
        await runtime.DumpAsync(request, stop => Task.Run(() => PackRoot(container, folder, stop), stop), cancellationToken);

        // 3
        await Task.Run(() => Write(container, folder, at, location, cancellationToken), cancellationToken);
    }

    private void PackRoot(Container container, DumpFolder folder, CancellationToken cancellationToken)
    {
        var owner = sandboxes.Find(container.SandboxId) is { } sandbox ? SandboxSpec.RootOnHost(sandbox.Config) : null;
        RootDiff.Pack(snapshotter.WritableFolder(container.Id), folder.RootDiff, owner, cancellationToken);
    }

    private void Write(Container container, DumpFolder folder, DateTimeOffset at, string location, CancellationToken cancellationToken)
    {
        var spec = File.ReadAllBytes(layout.ContainerSpec(container.Id));
        var handler = sandboxes.Find(container.SandboxId)?.RuntimeHandler;
        DumpArchive.Write(folder, DumpRecord.Of(container, handler, at), spec, location, cancellationToken);
    }

    private static CriException Failed(CriErrorKind kind, Container container, string cause, Exception? inner = null) =>
        new(kind, $"failed to checkpoint container \"{container.Id}\": {cause}", inner);
}
