using CriShim.Cri.V1;
using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>
/// A registry with the busybox image and a server that has pulled it, for one test class. When the class is done, nothing of ours may be
/// left on the machine.
/// </summary>
public class ServerFixture : IAsyncLifetime
{
    private readonly LeakCheck _leaks = new();
    private RegistryProcess? _registry;
    private ServerProcess? _server;

    public ServerProcess Server => _server ?? throw new InvalidOperationException("not started");

    public RegistryProcess Registry => _registry ?? throw new InvalidOperationException("not started");

    public CriClient Client => Server.Client;

    /// <summary>Reference of the busybox image.</summary>
    public string Image => $"{Registry.Host}/test/busybox:1";

    public async Task InitializeAsync()
    {
        _registry = await RegistryProcess.StartAsync();
        await ImageBuilder.Busybox().PushAsync(_registry.Host, "test/busybox", "1");
        _server = await ServerProcess.StartAsync(Configuration());
        await PullAsync(Image);
    }

    public virtual async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _registry?.Dispose();
        await _leaks.AssertCleanAsync();
    }

    public async Task<string> PullAsync(string image) =>
        (await Client.ImageAsync<PullImageResponse>(new PullImageRequest { Image = new ImageSpec { Image = image } })).ImageRef;

    /// <summary>A pod config whose logs lie in a folder of its own.</summary>
    public PodSandboxConfig Pod(NamespaceMode network = NamespaceMode.Node, string? name = null)
    {
        var pod = Configs.Pod(name, network);
        pod.LogDirectory = Path.Combine(Server.Scratch, pod.Metadata.Name);
        return pod;
    }

    /// <summary>Text of the server's config.json.</summary>
    protected virtual string Configuration() => "{}";

    public async Task<string> RunPodAsync(PodSandboxConfig pod, string handler = "") =>
        (await Client.RuntimeAsync<RunPodSandboxResponse>(new RunPodSandboxRequest { Config = pod, RuntimeHandler = handler })).PodSandboxId;

    public async Task<string> CreateAsync(string sandbox, PodSandboxConfig pod, ContainerConfig container) =>
        (await Client.RuntimeAsync<CreateContainerResponse>(
            new CreateContainerRequest { PodSandboxId = sandbox, Config = container, SandboxConfig = pod })).ContainerId;

    public Task StartAsync(string container) => Client.RuntimeAsync<StartContainerResponse>(new StartContainerRequest { ContainerId = container });

    public async Task<ContainerStatus> StatusAsync(string container) =>
        (await Client.RuntimeAsync<ContainerStatusResponse>(new ContainerStatusRequest { ContainerId = container })).Status;

    public Task<ExecSyncResponse> ExecAsync(string container, params string[] command) =>
        Client.RuntimeAsync<ExecSyncResponse>(new ExecSyncRequest { ContainerId = container, Cmd = { command }, Timeout = (long)Patience.Seconds(20).TotalSeconds });

    /// <summary>Stdout of a command that must succeed.</summary>
    public async Task<string> OutputAsync(string container, params string[] command)
    {
        var reply = await ExecAsync(container, command);
        Assert.True(reply.ExitCode == 0, $"{string.Join(' ', command)}: {reply.ExitCode}: {reply.Stderr.ToStringUtf8()}");
        return reply.Stdout.ToStringUtf8();
    }

    public Task StopAsync(string container, long grace = 0) =>
        Client.RuntimeAsync<StopContainerResponse>(new StopContainerRequest { ContainerId = container, Timeout = grace });

    public Task RemoveAsync(string container) => Client.RuntimeAsync<RemoveContainerResponse>(new RemoveContainerRequest { ContainerId = container });

    public Task StopPodAsync(string sandbox) => Client.RuntimeAsync<StopPodSandboxResponse>(new StopPodSandboxRequest { PodSandboxId = sandbox });

    public async Task RemovePodAsync(string sandbox)
    {
        await StopPodAsync(sandbox);
        await Client.RuntimeAsync<RemovePodSandboxResponse>(new RemovePodSandboxRequest { PodSandboxId = sandbox });
    }

    /// <summary>A pod with one started container that runs <paramref name="command"/>.</summary>
    public async Task<RunningPod> RunAsync(PodSandboxConfig pod, params string[] command)
    {
        var sandbox = await RunPodAsync(pod);
        var container = await CreateAsync(sandbox, pod, Configs.Container(pod, Image, "main", command));
        await StartAsync(container);
        return new RunningPod(this, pod, sandbox, container);
    }

    /// <summary>A pod with one started container that sleeps, after <paramref name="change"/>; nothing is left when that fails.</summary>
    public async Task<RunningPod> RunAsync(PodSandboxConfig pod, Action<ContainerConfig> change, string handler = "")
    {
        var sandbox = await RunPodAsync(pod, handler);
        try
        {
            var config = Configs.Container(pod, Image, "main", "sleep", "1000");
            change(config);
            var container = await CreateAsync(sandbox, pod, config);
            await StartAsync(container);
            return new RunningPod(this, pod, sandbox, container);
        }
        catch
        {
            await RemovePodAsync(sandbox);
            throw;
        }
    }

    public async Task<ContainerStatus> WaitForExitAsync(string container)
    {
        return await Eventually.GetAsync(() => StatusAsync(container), status => status.State == ContainerState.ContainerExited);
    }
}

/// <summary>A sandbox and its container; removed on disposal.</summary>
public sealed record RunningPod(ServerFixture Fixture, PodSandboxConfig Config, string Sandbox, string Container) : IAsyncDisposable
{
    public string LogPath(string container = "main") => Path.Combine(Config.LogDirectory, container, "0.log");

    public async ValueTask DisposeAsync() => await Fixture.RemovePodAsync(Sandbox);
}
