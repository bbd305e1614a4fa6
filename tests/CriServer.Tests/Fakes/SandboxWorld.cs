using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Handlers;
using CriShim.CriServer.Networking;
using CriShim.CriServer.Programs;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Specs;
using CriShim.CriServer.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>Sandboxes in folders of the test's. Those of <see cref="HostConfig"/> have no namespaces, so that nothing of the machine is touched.</summary>
internal sealed class SandboxWorld : IDisposable
{
    public SandboxWorld()
    {
        Records = new CheckpointFolder<SandboxCheckpoint>(
            Containers.Folder["sandboxes"], Containers.Folder["quarantine"], SandboxCheckpoint.FileName,
            CheckpointJsonContext.Default.SandboxCheckpoint, _ => { });
        Sandboxes = new SandboxStore(s => Records.Write(s.Id, SandboxCheckpoint.Of(s)));
        var network = new PodNetwork(new NetworkOptions(), Containers.Folder.FullPath, new NoPlugins(), _ => { }, NullLogger.Instance);
        Resources = new SandboxResources(Containers.Runtime, network, Containers.Cgroups, Containers.Layout, Task.CompletedTask);
        Run = new RunSandbox(
            Sandboxes, Names, Resources, Records, new RuntimeHandlers(new Dictionary<string, RuntimeHandlerOptions>(), new(), false, _ => throw new NotSupportedException()),
            Containers.Layout, new HostFacts { Capabilities = new HashSet<string>() }, new SpecOptions(),
            Containers.Time, NullLogger<RunSandbox>.Instance);
        Stop = new StopSandbox(
            Sandboxes, Containers.Containers, Containers.Live, Resources, Containers.Time, NullLogger<StopSandbox>.Instance);
    }

    public ContainerWorld Containers { get; } = new();

    public NameRegistry Names { get; } = new();

    public CheckpointFolder<SandboxCheckpoint> Records { get; }

    public SandboxStore Sandboxes { get; }

    public SandboxResources Resources { get; }

    public RunSandbox Run { get; }

    public StopSandbox Stop { get; }

    public static PodSandboxConfig HostConfig(string name = "p") => new()
    {
        Metadata = new PodSandboxMetadata { Name = name, Uid = "u", Namespace = "n" },
        Labels = { { "app", name } },
        Linux = new LinuxPodSandboxConfig
        {
            CgroupParent = "/crishim-test-that-is-never-made",
            SecurityContext = new LinuxSandboxSecurityContext
            {
                NamespaceOptions = new NamespaceOption { Network = NamespaceMode.Node, Pid = NamespaceMode.Node, Ipc = NamespaceMode.Node },
            },
        },
    };

    public void Dispose() => Containers.Dispose();

    private sealed class NoPlugins : IProgramRunner
    {
        public Task<ProgramResult> RunAsync(
            string path, IReadOnlyList<string> arguments, IReadOnlyList<string> variables, byte[] stdin, TimeSpan timeout, CancellationToken ct) => throw new NotSupportedException();
    }
}
