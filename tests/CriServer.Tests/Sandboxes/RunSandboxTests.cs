using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Sandboxes;

public sealed class RunSandboxTests : IDisposable
{
    private readonly SandboxWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task ExecuteAsync_HostPod_IsReadyWithFilesAndRecord()
    {
        var id = await RunAsync();
        var sandbox = _world.Sandboxes.Get(id);
        Assert.Equal(PodSandboxState.SandboxReady, sandbox.State);
        Assert.True(File.Exists(Path.Combine(_world.Containers.Layout.SandboxFolder(id), "resolv.conf")));
        Assert.True(Assert.Single(_world.Records.ReadAll()).Checkpoint!.ToSandbox(id).IsReady);
    }

    [Fact]
    public async Task ExecuteAsync_SameMetadataTwice_AlreadyExists()
    {
        await RunAsync();
        Assert.Equal(CriErrorKind.AlreadyExists, (await Assert.ThrowsAsync<CriException>(() => RunAsync())).Kind);
    }

    [Fact]
    public async Task ExecuteAsync_CallersTogether_GetOneSandbox()
    {
        var ids = await Task.WhenAll(RunAsync(), RunAsync(), RunAsync());
        Assert.Single(ids.Distinct());
        Assert.Single(_world.Sandboxes.All());
    }

    [Fact]
    public async Task ExecuteAsync_CallerHadLeft_RetryGetsWhatWasMade()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        var request = new RunPodSandboxRequest { Config = SandboxWorld.HostConfig() };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _world.Run.ExecuteAsync(request, gone.Token));
        var id = await RunAsync();
        Assert.Equal(id, Assert.Single(_world.Sandboxes.All()).Id);
    }

    [Fact]
    public async Task ExecuteAsync_NamespacesFail_LeavesNothing()
    {
        var config = SandboxWorld.HostConfig();
        config.Linux.SecurityContext.NamespaceOptions.Ipc = NamespaceMode.Pod;
        var request = new RunPodSandboxRequest { Config = config };
        var error = await Assert.ThrowsAsync<CriException>(() => _world.Run.ExecuteAsync(request, CancellationToken.None));
        Assert.StartsWith("failed to run sandbox \"p_n_u_0\"", error.Message, StringComparison.Ordinal);
        Assert.Empty(_world.Sandboxes.All());
        Assert.Empty(_world.Records.ReadAll());
        Assert.Empty(Directory.GetDirectories(_world.Containers.Layout.Sandboxes));
        await RunAsync();
    }

    [Fact]
    public async Task ExecuteAsync_UnknownHandler_IsRefused()
    {
        var request = new RunPodSandboxRequest { Config = SandboxWorld.HostConfig(), RuntimeHandler = "none" };
        Assert.Equal(
            CriErrorKind.InvalidArgument, (await Assert.ThrowsAsync<CriException>(() => _world.Run.ExecuteAsync(request, CancellationToken.None))).Kind);
    }

    [Fact]
    public async Task Stop_Ready_EndsContainersAndFolder()
    {
        var id = await RunAsync();
        var (container, supervisor) = _world.Containers.Add('a');
        _world.Containers.Containers.Update(container.Id, c => c with { SandboxId = id });
        await _world.Stop.ExecuteAsync(id, CancellationToken.None);
        await _world.Stop.ExecuteAsync(id, CancellationToken.None);
        Assert.Equal([9], supervisor.Signals);
        Assert.Equal(PodSandboxState.SandboxNotready, _world.Sandboxes.Get(id).State);
        Assert.False(Directory.Exists(_world.Containers.Layout.SandboxFolder(id)));
    }

    [Fact]
    public async Task List_Filters_AreAnded()
    {
        var id = await RunAsync();
        await RunAsync("other");
        var list = new ListSandboxes(_world.Sandboxes);
        Assert.Equal(2, list.Execute(null).Count());
        Assert.Equal(id, list.Execute(new PodSandboxFilter { LabelSelector = { { "app", "p" } } }).Single().Id);
        Assert.Empty(list.Execute(new PodSandboxFilter { Id = id, LabelSelector = { { "app", "other" } } }));
        Assert.Empty(list.Execute(new PodSandboxFilter { State = new PodSandboxStateValue { State = PodSandboxState.SandboxNotready } }));
    }

    private Task<string> RunAsync(string name = "p") =>
        _world.Run.ExecuteAsync(new RunPodSandboxRequest { Config = SandboxWorld.HostConfig(name) }, CancellationToken.None);
}
