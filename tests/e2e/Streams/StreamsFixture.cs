using Container = CriShim.CriServer.Containers.Container;
using CriShim.Cgroups;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Containers.Streams;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Specs;
using CriShim.CriServer.Streaming.Targets;
using CriShim.E2e.Fixtures;
using CriShim.Runtime.Contract;
using CriShim.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.E2e.Streams;

/// <summary>
/// The server's half of streaming below HTTP, in the test's own process: a second connection to the supervisors of containers that a published
/// server has made.
/// </summary>
public class StreamsFixture : IAsyncLifetime, IDisposable
{
    private readonly ServerFixture _server;
    private readonly IoLoop _io = new();
    private readonly ContainerStore _containers = new(_ => { });
    private RuntimeClient? _runtime;
    private LiveContainers? _live;
    private IContainerStreams? _streams;

    public StreamsFixture()
        : this(new ServerFixture(), "")
    {
    }

    /// <param name="handler">Runtime handler of the pods.</param>
    protected StreamsFixture(ServerFixture server, string handler) => (_server, Handler) = (server, handler);

    public ServerFixture Server => _server;

    public string Handler { get; }

    internal IContainerStreams Streams => _streams ?? throw new InvalidOperationException("not started");

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        var layout = new StateLayout(_server.Server.State);
        _runtime = new RuntimeClient(new RuntimeProcess(RuntimeBinary.Open(Binaries.Runtime), _io), _io, layout);
        var cgroups = new ContainerCgroups(CgroupManagerFactory.FromProc(), new FolderCgroupPaths(), NullLogger<ContainerCgroups>.Instance);
        _live = new LiveContainers(_containers, _runtime, layout, cgroups, TimeProvider.System, NullLogger<LiveContainers>.Instance);
        _streams = new ContainerStreams(
            _containers, _live, new ExecTargets(_containers, _live, layout), _io, new RuntimeOptions(), TimeProvider.System);
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _io.Dispose();
    }

    /// <summary>A pod whose container is known to <see cref="Streams"/>.</summary>
    /// <param name="configure">Changes the container's config.</param>
    public async Task<RunningPod> RunAsync(Action<ContainerConfig> configure, params string[] command)
    {
        var pod = _server.Pod();
        var sandbox = await _server.RunPodAsync(pod, Handler);
        var config = Configs.Container(pod, _server.Image, "main", command);
        configure(config);
        var id = await _server.CreateAsync(sandbox, pod, config);
        await _server.StartAsync(id);
        var record = new SupervisorRecord(Supervisors.Of(_server.Server.State, id), 0, 0, 0);
        _containers.Add(new Container
        {
            Id = id,
            SandboxId = sandbox,
            Config = config,
            Name = id,
            ImageId = "",
            ImageName = "",
            ImageReference = "",
            StopSignal = StopSignals.Terminate,
            CreatedAt = 1,
            StartedAt = 1,
            Supervisor = record,
        });
        _live!.Add(id, await _runtime!.ConnectAsync(id, record, CancellationToken.None) ?? throw new InvalidOperationException("no supervisor"));
        return new RunningPod(_server, pod, sandbox, id);
    }

    public Task<RunningPod> RunAsync(params string[] command) => RunAsync(_ => { }, command);

    internal Task<StreamedProcess> ExecAsync(string container, params string[] command) =>
        Streams.ExecAsync(container, new ExecStreamRequest(command, Tty: false, Stdin: true, Stdout: true, Stderr: true, Size: null), CancellationToken.None);

    internal Task<StreamedProcess> ExecOnTerminalAsync(string container, TerminalSize? size, params string[] command) =>
        Streams.ExecAsync(container, new ExecStreamRequest(command, Tty: true, Stdin: true, Stdout: true, Stderr: false, size), CancellationToken.None);

    internal Task<StreamedProcess> AttachAsync(string container, bool stdin = true, bool stderr = true, TerminalSize? size = null) =>
        Streams.AttachAsync(container, new AttachStreamRequest(stdin, Stdout: true, stderr, size), CancellationToken.None);
}
