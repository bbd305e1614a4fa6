using CriShim.Cgroups;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Hosting;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Services;
using CriShim.CriServer.State;
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
    private readonly GrpcServer.Hosting.GrpcServer _grpc;

    private Composition(CriServerOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _loggers = loggers;
        var time = TimeProvider.System;
        var layout = new StateLayout(options.State);

        // Records
        _durability = new LazyDurability(time);
        var quarantine = Path.Combine(options.Root, "quarantine");
        var sandboxRecords = new CheckpointFolder<SandboxCheckpoint>(
            Path.Combine(options.Root, "sandboxes"), quarantine, SandboxCheckpoint.FileName, CheckpointJsonContext.Default.SandboxCheckpoint, _durability);
        var containerRecords = new CheckpointFolder<ContainerCheckpoint>(
            Path.Combine(options.Root, "containers"), quarantine, ContainerCheckpoint.FileName, CheckpointJsonContext.Default.ContainerCheckpoint, _durability);
        var sandboxes = new SandboxStore(s => sandboxRecords.Write(s.Id, SandboxCheckpoint.Of(s)));
        var containers = new ContainerStore(c => containerRecords.Write(c.Id, ContainerCheckpoint.Of(c)));

        // The machine
        var runtime = new RuntimeClient.RuntimeClient(new RuntimeProcess(RuntimeBinary.Find(options.Runtime.Binary), _io), _io, layout);
        var cgroups = new ContainerCgroups(CgroupManagerFactory.FromProc(), loggers.CreateLogger<ContainerCgroups>());
        var live = new LiveContainers(containers, runtime, layout, cgroups, time, loggers.CreateLogger<LiveContainers>());

        // Operations
        var recovered = Task.CompletedTask;
        var status = new StatusQuery(
            recovered,
            new RuntimeHandlerFeatures { RecursiveReadOnlyMounts = true },
            () => new RuntimeCondition { Type = "NetworkReady", Status = true },
            new StatusInfo(options, () => "{}"));
        var operations = new RuntimeOperations(
            status,
            _ => { },
            new ListSandboxes(sandboxes),
            new StartContainer(containers, live, time),
            new StopContainer(containers, live, time),
            new ListContainers(containers),
            new ReopenLog(containers, live),
            new ExecSync(containers, live, _io, layout, options.Runtime, time));

        // Services
        var interceptor = new CriInterceptor(recovered, time, loggers.CreateLogger<CriInterceptor>());
        _grpc = new GrpcServer.Hosting.GrpcServer(
            options.SocketPath(),
            [RuntimeService.BindService(new CriRuntimeService(operations))],
            new GrpcServerOptions { Interceptor = interceptor },
            loggers);
    }

    /// <summary>Serves until SIGTERM or SIGINT.</summary>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> ServeAsync(CriServerOptions options, TextWriter error, CancellationToken cancellationToken)
    {
        using var loggers = LogSetup.Create(options.Log);
        try
        {
            Directory.CreateDirectory(options.Root, ServerFolders.Mode);
            using var instance = InstanceLock.Take(options.Root);
            ServerFolders.Prepare(options);
            ServerSocket.Prepare(options.SocketPath());
            await using var composition = new Composition(options, loggers);
            await composition.RunAsync(cancellationToken);
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
        await _grpc.DisposeAsync();
        await _durability.DisposeAsync();
        _io.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new TerminationSignals();
        var log = _loggers.CreateLogger<Composition>();
        await _grpc.StartAsync(cancellationToken);
        ServerSocket.Protect(_options.SocketPath());
        ServicesLog.Listening(log, ServerVersion.Text, _options.SocketPath());
        await signals.Received.WaitAsync(cancellationToken);
        ServicesLog.Stopping(log);
        using var limit = new CancellationTokenSource(s_shutdownLimit);
        await _grpc.StopAsync(limit.Token);
    }
}
