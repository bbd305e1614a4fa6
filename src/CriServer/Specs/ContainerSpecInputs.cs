using CriShim.Cri.V1;
using CriShim.CriServer.Cdi;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Sandboxes;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Specs;

/// <summary>All that a container's OCI spec depends on. <see cref="ContainerSpecBuilder.Build"/> reads nothing else.</summary>
internal sealed record ContainerSpecInputs
{
    public required string ContainerId { get; init; }

    /// <summary>As the client sent it, checked by <see cref="ContainerConfigValidator"/>.</summary>
    public required ContainerConfig Config { get; init; }

    public required SandboxFacts Sandbox { get; init; }

    public required ImageDefaults Image { get; init; }

    /// <summary>From <see cref="UserResolver"/>, which read the image's files.</summary>
    public required ResolvedUser User { get; init; }

    public required HostFacts Host { get; init; }

    /// <summary>Looks at the host's files for mounts, devices and seccomp profiles.</summary>
    public required IHostFiles HostFiles { get; init; }

    public SpecOptions Options { get; init; } = new();

    /// <summary>For pid mode TARGET: /proc/PID/ns/pid of the target's init, which the caller found running in this pod.</summary>
    public string? TargetPidNamespace { get; init; }

    /// <summary>Where the runtime finds the container's image volumes, by their number.</summary>
    public required Func<int, string> VolumePath { get; init; }

    /// <summary>Of the CDI devices that were asked for.</summary>
    public IReadOnlyList<CdiContainerEdits> CdiEdits { get; init; } = [];

    /// <summary>Null where the pod has the host's users.</summary>
    public PodIds? PodIds => Sandbox.Namespaces.ContainsKey("user") && Sandbox.NamespaceOptions.UsernsOptions is { } options
        ? new PodIds(IdMaps.Convert(options.Uids), IdMaps.Convert(options.Gids))
        : null;

    public LinuxContainerSecurityContext? SecurityContext => Config.Linux?.SecurityContext;

    public bool Privileged => SecurityContext?.Privileged ?? false;
}

/// <summary>The pod that the container goes into.</summary>
internal sealed record SandboxFacts
{
    public required string Id { get; init; }

    public required PodSandboxConfig Config { get; init; }

    /// <summary>
    /// The pins that were made, by OCI namespace type ("network", "ipc", "uts", "user", "pid"); see <see
    /// cref="SandboxSpec.NamespacePaths"/>.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Namespaces { get; init; }

    /// <summary>The tmpfs to share as /dev/shm; null where the pod uses the host's IPC namespace.</summary>
    public string? SharedMemoryPath { get; init; }

    /// <summary>SELinux level of the pod; null where it has none.</summary>
    public string? SelinuxLevel { get; init; }

    /// <summary>Generated hosts, hostname and resolv.conf.</summary>
    public required SandboxFiles Files { get; init; }

    /// <summary>Host name inside the pod.</summary>
    public required string Hostname { get; init; }

    public NamespaceOption NamespaceOptions => Config.Linux?.SecurityContext?.NamespaceOptions ?? s_default;

    public bool Privileged => Config.Linux?.SecurityContext?.Privileged ?? false;

    public bool HostNetwork => NamespaceOptions.Network == NamespaceMode.Node;

    private static readonly NamespaceOption s_default = new();
}

/// <summary>What the image's config says about its process.</summary>
/// <param name="Name">Name that the image was asked by, for annotations.</param>
internal sealed record ImageDefaults(
    string Name,
    IReadOnlyList<string> Entrypoint,
    IReadOnlyList<string> Cmd,
    IReadOnlyList<string> Env,
    string WorkingDir,
    string User)
{
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="config">Null where the image carries only files.</param>
    public static ImageDefaults From(string name, ImageExecutionConfig? config) => new(
        name, config?.Entrypoint ?? [], config?.Cmd ?? [], config?.Env ?? [], config?.WorkingDir ?? "", config?.User ?? "");
}
