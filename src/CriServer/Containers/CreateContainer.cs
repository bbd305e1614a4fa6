using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Handlers;
using CriShim.CriServer.Images;
using CriShim.CriServer.Images.Signatures;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Specs;
using CriShim.CriServer.State;
using CriShim.Runtime.Contract;
using Microsoft.Extensions.Logging;
using Image = CriShim.CriServer.Images.Image;

namespace CriShim.CriServer.Containers;

/// <summary>
/// Makes a container up to the gate before its program. The work belongs to the container, not to the call: a retry with the same metadata
/// joins it, or gets what it made for a caller that had left. Steps:
/// <list type="number">
/// <item>check the config, find sandbox and images, ask the signature policy, reserve the name</item>
/// <item>record the intent</item>
/// <item>bundle folder; from here on the supervisor's process starts beside the next two steps</item>
/// <item>root: a snapshot on the image's layers, and the image volumes, as detached mounts; log folder</item>
/// <item>spec, with the user resolved in that root</item>
/// <item>the supervisor makes cgroup, namespaces and the init that waits at the gate</item>
/// <item>record the result and show it, unless the sandbox was stopped meanwhile</item>
/// </list>
/// </summary>
internal sealed class CreateContainer(
    SandboxStore sandboxes,
    ContainerStore containers,
    ImageStore images,
    SignatureCheck signatures,
    ImageVolumes imageVolumes,
    NameRegistry names,
    RuntimeHandlers handlers,
    ContainerFiles files,
    ContainerSpecs specs,
    ContainerSupervision supervision,
    TimeProvider time,
    ILogger<CreateContainer> log)
{
    private readonly SharedOperations<string, string> _running = new(StringComparer.Ordinal);
    private readonly UnclaimedResults _unclaimed = new();

    /// <returns>The container's id.</returns>
    public async Task<string> ExecuteAsync(CreateContainerRequest request, CancellationToken cancellationToken)
    {
        ContainerConfigValidator.Check(request.Config);
        var sandbox = sandboxes.Get(request.PodSandboxId);
        var name = ContainerName.Of(request.Config.Metadata, sandbox.Id);
        if (_unclaimed.Claim(name) is { } finished && containers.Find(finished) is { HasExited: false })
        {
            return finished;
        }

        try
        {
            var id = await _running.RunAsync(name, stage => RunAsync(sandbox, request.Config, name, stage), cancellationToken);
            _unclaimed.Forget(name, id);
            return id;
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException($"failed to create container \"{name}\": {e.Message}", e, cancellationToken);
        }
    }

    private async Task<string> RunAsync(Sandbox sandbox, ContainerConfig config, string name, OperationStage stage)
    {
        RequireReady(sandbox);
        await handlers.CheckAsync(sandbox.RuntimeHandler, config);
        var image = images.Find(config.Image.Image) ?? throw CriException.NotFound("image", config.Image.Image);
        RequireRunnable(image);
        signatures.RequireForContainer(image, config.Image.UserSpecifiedImage);
        var volumes = FindVolumes(config, name);
        var container = NewContainer(sandbox, config, image, name, IdGenerator.Next()) with { VolumeImages = [.. volumes.Select(v => v.Image.Id)] };
        if (names.Reserve(name, container.Id) is var owner && owner != container.Id)
        {
            throw new CriException(CriErrorKind.AlreadyExists, $"failed to create container \"{name}\": it exists as \"{owner}\"");
        }

        var rollback = new Rollback(time);
        rollback.Add("name", () => names.Release(name, container.Id));
        try
        {
            await MakeAsync(sandbox, container, image, volumes, rollback, stage);
            _unclaimed.Add(name, container.Id);
            rollback.Commit();
            ContainersLog.Created(log, container.Id, sandbox.Id, name);
            return container.Id;
        }
        catch (Exception e)
        {
            if (await rollback.UndoAsync() is { } failures)
            {
                KeepForRemoval(container, name, failures);
            }

            throw Translate(e, name);
        }
    }

    private async Task MakeAsync(
        Sandbox sandbox, Container container, Image image, IReadOnlyList<ImageVolume> volumes, Rollback rollback, OperationStage stage)
    {
        stage.Name = "recording the container";
        containers.Record(container);
        rollback.Add("record", () => files.RemoveRecord(container.Id));

        stage.Name = "making its root";
        files.MakeBundle(container.Id);
        rollback.Add("root and bundle", () => files.RemoveWorkingFiles(container.Id));
        var starting = supervision.StartAsync(container);
        rollback.Add("supervisor", _ => DismissAsync(starting));
        using var root = files.MakeRoot(container.Id, sandbox, image, volumes, specs.MountLabel(sandbox, container.Config));

        stage.Name = "building its spec";
        var built = specs.Build(sandbox, container, image, root.Root);
        files.WriteSpec(container.Id, built.Spec);

        stage.Name = "waiting for its supervisor";
        var supervisor = await supervision.CreateAsync(await starting, sandbox, container, root);
        rollback.Add("container", _ => supervision.EndAsync(container, supervisor));

        containers.Add(container with
        {
            Supervisor = supervisor.Record,
            User = built.User,
        });
        rollback.Add("container in the store", () => containers.Remove(container.Id));
        supervision.Watch(container.Id, supervisor);
        RequireReady(sandboxes.Find(sandbox.Id));
    }

    /// <summary>A supervisor that gets no container ends when its connection does; one that could not be started is not to be undone.</summary>
    private static async Task DismissAsync(Task<INewSupervisor> starting)
    {
        await ((Task)starting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (starting.IsCompletedSuccessfully)
        {
            (await starting).Dispose();
        }
    }

    private Container NewContainer(Sandbox sandbox, ContainerConfig config, Image image, string name, string id) => new()
    {
        Id = id,
        SandboxId = sandbox.Id,
        Config = config,
        Name = name,
        ImageId = image.Id,
        ImageName = image.RepoTags.Count > 0 ? image.RepoTags[0] : config.Image.UserSpecifiedImage is { Length: > 0 } asked ? asked : image.Id,
        ImageReference = image.RepoDigests.Count > 0 ? image.RepoDigests[0] : image.Id,
        LogPath = ContainerConfigValidator.LogPath(sandbox.Config, config),
        StopSignal = StopSignals.Choose(config.StopSignal, image.Config.Config?.StopSignal),
        Resources = config.Linux?.Resources,
        CgroupPath = specs.CgroupPath(sandbox, id),
        CreatedAt = time.UnixNanoseconds(),
    };

    private IReadOnlyList<ImageVolume> FindVolumes(ContainerConfig config, string name)
    {
        try
        {
            return imageVolumes.Find(config);
        }
        catch (CriException e)
        {
            throw Translate(e, name);
        }
    }

    private static void RequireReady(Sandbox? sandbox)
    {
        if (sandbox is not { IsReady: true })
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"sandbox \"{sandbox?.Id}\" is not ready");
        }
    }

    private static void RequireRunnable(Image image)
    {
        if (image.ArtifactType is { } type)
        {
            throw CriException.InvalidArgument($"image \"{image.DisplayName}\" is an artifact of type \"{type}\": it has files, but nothing to run");
        }
    }

    /// <summary>Something of it is still there: the client must be able to ask for its removal.</summary>
    private void KeepForRemoval(Container container, string name, AggregateException failures)
    {
        names.Reserve(name, container.Id);
        containers.Add(container with
        {
            FinishedAt = time.UnixNanoseconds(),
            ExitCode = ExitReason.StartErrorCode,
            Reason = ExitReason.Error,
            Message = failures.Message,
        });
        ContainersLog.UndoFailed(log, container.Id, failures);
    }

    private static CriException Translate(Exception e, string name) => e switch
    {
        CriException cri => new CriException(cri.Kind, Text(cri, name), cri),
        RuntimeException runtime => new CriException(StatusMapper.ToKind(runtime.Error.Kind), Text(runtime, name), runtime),
        _ => new CriException(CriErrorKind.Unknown, Text(e, name), e),
    };

    /// <summary>What the kubelet tests for stays the beginning.</summary>
    private static string Text(Exception e, string name)
    {
        var prefix = e.Message.StartsWith(ImageVolumes.KubeletPrefix, StringComparison.Ordinal) ? ImageVolumes.KubeletPrefix : "";
        return $"{prefix}failed to create container \"{name}\": {e.Message[prefix.Length..]}";
    }
}
