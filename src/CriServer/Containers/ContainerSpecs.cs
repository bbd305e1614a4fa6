using CriShim.Cri.V1;
using CriShim.CriServer.Cdi;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Handlers;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Security;
using CriShim.CriServer.Specs;
using CriShim.Oci.ImageSpec;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using Image = CriShim.CriServer.Images.Image;

namespace CriShim.CriServer.Containers;

/// <summary>Gathers what a container's spec depends on, and has it built.</summary>
internal sealed class ContainerSpecs(
    ContainerStore containers, StateLayout layout, HostFacts host, IHostFiles hostFiles, CdiDevices cdi, RuntimeHandlers handlers, SpecOptions options)
{
    /// <summary>The spec, and whom the program runs as.</summary>
    internal sealed record Built(Spec Spec, LinuxContainerUser User);

    /// <summary>The spec's cgroupsPath.</summary>
    public string CgroupPath(Sandbox sandbox, string containerId) => host.CgroupPaths.ForContainer(sandbox.Config, sandbox.Id, containerId);

    /// <param name="root">The container's root folder, in which its user is looked up.</param>
    public Built Build(Sandbox sandbox, Container container, Image image, SafeFileHandle root)
    {
        var config = container.Config;
        var handler = handlers.Find(sandbox.RuntimeHandler);
        var defaults = ImageDefaultsOf(container.ImageName, image.Config.Config);
        var user = UserResolver.Resolve(root, config.Linux?.SecurityContext, defaults.User);
        var spec = ContainerSpecBuilder.Build(new ContainerSpecInputs
        {
            ContainerId = container.Id,
            Config = config,
            Sandbox = SandboxFactsOf(sandbox),
            Image = defaults,
            User = user,
            Host = host,
            HostFiles = hostFiles,
            Options = handler is null ? options : options with { PrivilegedWithoutHostDevices = handler.PrivilegedWithoutHostDevices },
            VolumePath = number => layout.ContainerVolume(container.Id, number),
            CdiEdits = cdi.EditsFor(config),
            TargetPidNamespace = TargetPidNamespace(sandbox, config.Linux?.SecurityContext?.NamespaceOptions),
        });
        RelabelVolumes(config, spec);
        return new Built(handler is null ? spec : ExternalSpec.Adapt(spec, host), user.ToContainerUser().Linux);
    }

    /// <summary>SELinux context of the container's files; null: none.</summary>
    public string? MountLabel(Sandbox sandbox, ContainerConfig config) =>
        SpecLabels.MountLabel(host, sandbox.SelinuxLevel, config.Linux?.SecurityContext?.SelinuxOptions);

    /// <summary>Volumes of the host's files get the container's context where the client asks for it, and only there.</summary>
    private static void RelabelVolumes(ContainerConfig config, Spec spec)
    {
        for (var i = 0; i < config.Mounts.Count && spec.Linux?.MountLabel is { } label; i++)
        {
            var destination = TextRules.CleanPath(config.Mounts[i].ContainerPath);
            if (config.Mounts[i] is { SelinuxRelabel: true, HostPath.Length: > 0 })
            {
                SelinuxFiles.LabelTree(spec.Mounts!.Last(mount => mount.Destination == destination).Source!, label, $"mounts[{i}].selinux_relabel");
            }
        }
    }

    private static ImageDefaults ImageDefaultsOf(string name, ImageExecutionConfig? config) => new(
        name, config?.Entrypoint ?? [], config?.Cmd ?? [], config?.Env ?? [], config?.WorkingDir ?? "", config?.User ?? "");

    private SandboxFacts SandboxFactsOf(Sandbox sandbox) => new()
    {
        Id = sandbox.Id,
        Config = sandbox.Config,
        Namespaces = SandboxSpec.NamespacePaths(sandbox.Id, sandbox.Config, layout),
        SelinuxLevel = sandbox.SelinuxLevel,
        SharedMemoryPath = SandboxSpec.SharedMemoryPath(sandbox.Id, sandbox.Config, layout),
        Files = new SandboxFiles(layout.SandboxFolder(sandbox.Id)),
        Hostname = SandboxSpec.Hostname(sandbox.Config, host),
    };

    /// <summary>For a debugging container: the PID namespace of a running container of the same pod.</summary>
    private string? TargetPidNamespace(Sandbox sandbox, NamespaceOption? namespaces)
    {
        if (namespaces?.Pid != NamespaceMode.Target)
        {
            return null;
        }

        return containers.Find(namespaces.TargetId) is { State: ContainerState.ContainerRunning, Supervisor: { } supervisor } target
            && target.SandboxId == sandbox.Id
            ? $"/proc/{supervisor.InitPid}/ns/pid"
            : throw new CriException(
                CriErrorKind.FailedPrecondition, $"linux.security_context.namespace_options.target_id \"{TextRules.Printable(namespaces.TargetId)}\" is not a running container of sandbox \"{sandbox.Id}\"");
    }
}
