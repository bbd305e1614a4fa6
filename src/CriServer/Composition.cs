using CriShim.Api.V1;
using CriShim.Cgroups;
using CriShim.Cri.V1;
using CriShim.CriServer.Cdi;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Containers.Dumps;
using CriShim.CriServer.Containers.Streams;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Handlers;
using CriShim.CriServer.Hosting;
using CriShim.CriServer.Images;
using CriShim.CriServer.Networking;
using CriShim.CriServer.Programs;
using CriShim.CriServer.Recovery;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Security;
using CriShim.CriServer.Services;
using CriShim.CriServer.Specs;
using CriShim.CriServer.State;
using CriShim.CriServer.Streaming;
using CriShim.GrpcServer.Hosting;
using CriShim.Runtime.Contract;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer;

/// <summary>Every object of the server, in the order of their dependence. Nothing else makes one that lives as long as the server.</summary>
internal sealed class Composition : IAsyncDisposable
{
    /// <summary>Calls under way get so long after SIGTERM; what they began goes on or is taken up by the next server.</summary>
    private static readonly TimeSpan s_shutdownLimit = TimeSpan.FromSeconds(5);

    private readonly CriServerOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly LazyDurability _durability;
    private readonly IoLoop _io = new();
    private readonly GrpcHost _grpc;
    private readonly StreamingServices _streaming;
    private readonly StartupRecovery _recovery;
    private readonly ImageServices _images;
    private readonly ContainerCgroups _cgroups;
    private readonly IdleMemory _idleMemory;

    private Composition(CriServerOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _loggers = loggers;
        var time = TimeProvider.System;
        var layout = new StateLayout(options.State);

        var progress = new RecoveryProgress();
        _idleMemory = new IdleMemory(time);

        // Records
        _durability = new LazyDurability(time);
        var quarantine = Path.Combine(options.Root, "quarantine");
        var sandboxRecords = new CheckpointFolder<SandboxCheckpoint>(
            Path.Combine(options.Root, "sandboxes"), quarantine, SandboxCheckpoint.FileName, CheckpointJsonContext.Default.SandboxCheckpoint, _durability.Request);
        var containerRecords = new CheckpointFolder<ContainerCheckpoint>(
            Path.Combine(options.Root, "containers"), quarantine, ContainerCheckpoint.FileName, CheckpointJsonContext.Default.ContainerCheckpoint, _durability.Request);
        var sandboxes = new SandboxStore(s => sandboxRecords.Write(s.Id, SandboxCheckpoint.Of(s)));
        var containers = new ContainerStore(c => containerRecords.Write(c.Id, ContainerCheckpoint.Of(c)));
        var names = new NameRegistry();

        // The machine
        var cgroupFactory = CgroupManagerFactory.FromProc();
        var cgroupPaths = CgroupPaths.For(options.Runtime.CgroupDriver, cgroupFactory.Mode);
        var cgroups = _cgroups = new ContainerCgroups(cgroupFactory, cgroupPaths, loggers.CreateLogger<ContainerCgroups>());
        var host = HostSecurityReader.AddTo(
            HostFactsReader.Read(cgroupFactory.Mode == CgroupMode.Unified, cgroupFactory.HasSwapAccounting(), cgroupPaths),
            options.Containers.AppArmorProfile,
            loggers.CreateLogger<Composition>());
        var runtime = new RuntimeClient.RuntimeClient(new RuntimeProcess(RuntimeBinary.Open(options.Runtime.Binary), _io), _io, layout);
        var network = new PodNetwork(
            options.Network, options.Root, new ProgramRunner(_io.Loop), _durability.Request, loggers.CreateLogger<PodNetwork>());
        var builtIn = BuiltInFeatures.Read();
        // Another runtime's init looks for its root by path, as a user to whom the folders above it are closed.
        const bool UsersByOthers = false;
        var features = new ExternalFeatures(new ProgramRunner(_io.Loop), UsersByOthers, loggers.CreateLogger<ExternalFeatures>());
        var handlers = new RuntimeHandlers(options.Runtime.Handlers, builtIn, cgroupPaths.Driver == CgroupDriver.Systemd, features.ReadAsync);
        var live = new LiveContainers(containers, runtime, layout, cgroups, time, loggers.CreateLogger<LiveContainers>());

        // Images
        _images = ImageServices.Open(options.Root, options.Images, time, loggers);

        // Sandboxes and containers
        var resources = new SandboxResources(runtime, network, cgroups, layout, progress.NetworkRestored);
        var roots = options.Runtime.Handlers.Values.Select(handler => handler.Root).OfType<string>();
        var files = new ContainerFiles(containerRecords, _images.Snapshots, layout, [.. roots]);
        var stopSandbox = new StopSandbox(sandboxes, containers, live, resources, time, loggers.CreateLogger<StopSandbox>());
        var removeContainer = new RemoveContainer(containers, live, names, files, loggers.CreateLogger<RemoveContainer>());
        var startContainer = new StartContainer(containers, live, time);
        var cdi = new CdiDevices(options.Containers.CdiFolders, loggers.CreateLogger<CdiDevices>());
        var execTargets = new ExecTargets(containers, live, layout);
        _streaming = new StreamingServices(
            options.Streaming,
            TimeSpan.FromMilliseconds(options.Runtime.ExecDrainMilliseconds),
            new ContainerStreams(containers, live, execTargets, _io, options.Runtime, time),
            new PodDialer(sandboxes, runtime),
            time,
            loggers);
        var operations = new RuntimeOperations(
            new StatusQuery(
                progress.RecordsRestored,
                handlers,
                network.Status,
                new StatusInfo(options, network.StatusJson, cdi)),
            network.UpdatePodCidr,
            cgroupPaths.Driver,
            new RunSandbox(
                sandboxes, names, resources, sandboxRecords, handlers, layout, host, options.Containers, time, loggers.CreateLogger<RunSandbox>()),
            stopSandbox,
            new RemoveSandbox(
                sandboxes, containers, names, stopSandbox, removeContainer, sandboxRecords, loggers.CreateLogger<RemoveSandbox>()),
            new UpdateSandboxResources(sandboxes),
            new SandboxStatusQuery(sandboxes, layout, cgroupPaths),
            new ListSandboxes(sandboxes),
            new CreateContainer(
                sandboxes,
                containers,
                _images.Store,
                _images.Signatures,
                new ImageVolumes(_images.Store, _images.Signatures),
                names,
                handlers,
                files,
                new ContainerSpecs(containers, layout, host, new HostFiles(), cdi, handlers, options.Containers),
                new ContainerSupervision(runtime, live, cgroups, layout, handlers, options.Runtime),
                time,
                loggers.CreateLogger<CreateContainer>()),
            startContainer,
            new StopContainer(containers, live, time),
            removeContainer,
            new UpdateResources(containers, cgroups, host, options.Containers),
            new ListContainers(containers),
            new ContainerStatusQuery(containers, layout),
            new ReopenLog(containers, live),
            new CheckpointContainer(
                containers,
                sandboxes,
                runtime,
                _images.Snapshots,
                layout,
                new DumpFolders(Path.Combine(options.Root, "checkpoints")),
                new CriuProgram(options.Runtime.Criu),
                time),
            new ExecSync(execTargets, _io, options.Runtime, time),
            new OpenSession(containers, sandboxes, _streaming.Tokens, () => _streaming.BaseUrl));

        _recovery = new StartupRecovery(
            new SandboxRecovery(
                sandboxes, names, sandboxRecords, resources, new SandboxEvidence(layout), time, loggers.CreateLogger<SandboxRecovery>()),
            new ContainerRecovery(
                containers, live, names, containerRecords, files, cgroups, startContainer, runtime, layout, time,
                loggers.CreateLogger<ContainerRecovery>()),
            new LeftoverRecovery(sandboxes, containers, files, cgroups, runtime, layout, loggers.CreateLogger<LeftoverRecovery>()),
            network,
            progress,
            time,
            loggers.CreateLogger<StartupRecovery>());

        // Services
        var interceptor = new CriInterceptor(progress.RecordsRestored, time, loggers.CreateLogger<CriInterceptor>());
        _grpc = new GrpcHost(
            options.SocketPath(),
            [RuntimeService.BindService(new CriRuntimeService(operations)), ImageService.BindService(new CriImageService(_images)),
                ImageTools.BindService(new ImageToolsService(_images))],
            new GrpcServerOptions { Interceptor = interceptor },
            loggers);
    }

    /// <summary>Serves until SIGTERM or SIGINT.</summary>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> ServeAsync(CriServerOptions options, TextWriter error)
    {
        using var loggers = LogSetup.Create(options.Log);
        try
        {
            Directory.CreateDirectory(options.Root, ServerFolders.Mode);
            using var instance = InstanceLock.Take(options.Root);
            ServerFolders.Prepare(options);
            ServerSocket.Prepare(options.SocketPath());
            await using var composition = new Composition(options, loggers);
            await composition.RunAsync();
            return 0;
        }
        catch (Exception e) when (e is CriException or IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"crishim: {e.Message}");
            return 1;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _idleMemory.Dispose();
        await _grpc.DisposeAsync();
        await _streaming.DisposeAsync();
        await _images.DisposeAsync();
        await _durability.DisposeAsync();
        _io.Dispose();
        _cgroups.RemoveRoot();
    }

    private async Task RecoverAsync()
    {
        await _recovery.RunAsync();
        _idleMemory.Release();
    }

    private async Task RunAsync()
    {
        using var signals = new TerminationSignals();
        var log = _loggers.CreateLogger<Composition>();
        await _streaming.StartAsync(CancellationToken.None);
        await _grpc.StartAsync(CancellationToken.None);
        ServerSocket.Protect(_options.SocketPath());
        ServicesLog.Listening(log, ServerVersion.Text, _options.SocketPath());
        var recovery = RecoverAsync();
        await signals.Received;
        ServicesLog.Stopping(log);
        using var limit = new CancellationTokenSource(s_shutdownLimit);
        await _grpc.StopAsync(limit.Token);
        await _streaming.StopAsync(limit.Token);
        await recovery.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
