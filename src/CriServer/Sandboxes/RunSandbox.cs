using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Handlers;
using CriShim.CriServer.Networking;
using CriShim.CriServer.Specs;
using CriShim.CriServer.State;
using CriShim.Runtime.Contract;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Sandboxes;

/// <summary>
/// Makes a pod sandbox. The work belongs to the pod, not to the call: a retry with the same metadata joins it, or gets what it made for a
/// caller that had left. Steps:
/// <list type="number">
/// <item>check the config, reserve the pod's name</item>
/// <item>record the intent: from here on recovery knows what to look for</item>
/// <item>namespaces, pinned; meanwhile the folders and files of the pod</item>
/// <item>network</item>
/// <item>record the result and show it</item>
/// </list>
/// </summary>
internal sealed class RunSandbox(
    SandboxStore sandboxes,
    NameRegistry names,
    SandboxResources resources,
    CheckpointFolder<SandboxCheckpoint> records,
    RuntimeHandlers handlers,
    StateLayout layout,
    HostFacts host,
    SpecOptions options,
    TimeProvider time,
    ILogger<RunSandbox> log)
{
    private readonly SharedOperations<string, string> _running = new(StringComparer.Ordinal);
    private readonly UnclaimedResults _unclaimed = new();
    private readonly McsLevels _levels = new(() => sandboxes.All().Select(sandbox => sandbox.SelinuxLevel));

    /// <returns>The sandbox's id.</returns>
    public async Task<string> ExecuteAsync(RunPodSandboxRequest request, CancellationToken cancellationToken)
    {
        SandboxConfigValidator.Check(request.Config, options);
        host.CgroupPaths.Check(request.Config);
        SelinuxLabel.Check(request.Config.Linux?.SecurityContext?.SelinuxOptions, host.Selinux is not null, "linux.security_context.selinux_options");
        await handlers.CheckAsync(request.RuntimeHandler, request.Config);
        var name = SandboxName.Of(request.Config.Metadata);
        if (_unclaimed.Claim(name) is { } finished && sandboxes.Find(finished) is { IsReady: true })
        {
            return finished;
        }

        try
        {
            var id = await _running.RunAsync(name, stage => RunAsync(request, name, stage), cancellationToken);
            _unclaimed.Forget(name, id);
            return id;
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException($"failed to run sandbox \"{name}\": {e.Message}", e, cancellationToken);
        }
    }

    private async Task<string> RunAsync(RunPodSandboxRequest request, string name, OperationStage stage)
    {
        var sandbox = new Sandbox
        {
            Id = IdGenerator.Next(),
            Config = request.Config,
            RuntimeHandler = request.RuntimeHandler,
            CreatedAt = time.UnixNanoseconds(),
            SelinuxLevel = LevelOf(request.Config),
        };
        if (names.Reserve(name, sandbox.Id) is var owner && owner != sandbox.Id)
        {
            throw new CriException(CriErrorKind.AlreadyExists, $"failed to run sandbox \"{name}\": it exists as \"{owner}\"");
        }

        var rollback = new Rollback(time);
        rollback.Add("name", () => names.Release(name, sandbox.Id));
        try
        {
            var ready = await MakeAsync(sandbox, rollback, stage);
            sandboxes.Add(ready);
            _unclaimed.Add(name, ready.Id);
            rollback.Commit();
            SandboxesLog.Ready(log, ready.Id, name, ready.Addresses);
            return ready.Id;
        }
        catch (Exception e)
        {
            if (await rollback.UndoAsync() is { } failures)
            {
                KeepForRemoval(sandbox, name, failures);
            }

            throw Translate(e, name);
        }
        finally
        {
            _levels.Settle(sandbox.SelinuxLevel);
        }
    }

    /// <summary>The one that is asked for, which pods may share, or one that no other pod has.</summary>
    private string? LevelOf(PodSandboxConfig config) => host.Selinux is null ? null
        : config.Linux?.SecurityContext?.SelinuxOptions?.Level is { Length: > 0 } asked ? asked
        : _levels.Allocate();

    private async Task<Sandbox> MakeAsync(Sandbox sandbox, Rollback rollback, OperationStage stage)
    {
        stage.Name = "recording the sandbox";
        sandboxes.Record(sandbox);
        rollback.Add("record", () => records.Delete(sandbox.Id));

        stage.Name = "making its namespaces";
        resources.MakeFolder(sandbox);
        rollback.Add("resources", token => resources.ReleaseAsync(sandbox, token));
        var request = WithNetworkSysctls(sandbox, SandboxSpec.Build(sandbox.Id, sandbox.Config, layout, host, options)) with { MountLabel = MountLabel(sandbox) };
        using var process = await resources.MakeNamespacesAsync(request);
        sandbox = sandbox with { InitPid = process.InitPid, InitStartTime = process.InitStartTime };

        stage.Name = "connecting its network";
        sandbox = sandbox with { Addresses = await resources.AttachAsync(sandbox, process.Netlink) };
        resources.WriteFiles(sandbox, SandboxSpec.Hostname(sandbox.Config, host), MountLabel(sandbox));
        return sandbox with { ReadyAt = time.UnixNanoseconds() };
    }

    private string? MountLabel(Sandbox sandbox) => SpecLabels.MountLabel(host, sandbox.SelinuxLevel, null);

    /// <summary>What the network wants set in a new namespace; the pod's own sysctls win.</summary>
    private static SandboxRequest WithNetworkSysctls(Sandbox sandbox, SandboxRequest request)
    {
        if (sandbox.OnHostNetwork || PodNetwork.NamespaceSysctls.Count == 0)
        {
            return request;
        }

        var sysctls = new Dictionary<string, string>(PodNetwork.NamespaceSysctls);
        foreach (var (name, value) in request.Sysctls ?? new Dictionary<string, string>())
        {
            sysctls[name] = value;
        }

        return request with { Sysctls = sysctls };
    }

    /// <summary>Something of it is still there: the client must be able to ask for its removal.</summary>
    private void KeepForRemoval(Sandbox sandbox, string name, AggregateException failures)
    {
        names.Reserve(name, sandbox.Id);
        sandboxes.Add(sandbox with { StoppedAt = time.UnixNanoseconds() });
        SandboxesLog.UndoFailed(log, sandbox.Id, failures);
    }

    private static CriException Translate(Exception e, string name) => e switch
    {
        CriException cri => new CriException(cri.Kind, $"failed to run sandbox \"{name}\": {cri.Message}", cri),
        RuntimeException runtime => new CriException(
            StatusMapper.ToKind(runtime.Error.Kind), $"failed to run sandbox \"{name}\": {runtime.Message}", runtime),
        _ => new CriException(CriErrorKind.Unknown, $"failed to run sandbox \"{name}\": {e.Message}", e),
    };
}
