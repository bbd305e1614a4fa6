using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Specs;

/// <summary>From a pod's config, checked by <see cref="SandboxConfigValidator"/>, to the request that makes its namespaces.</summary>
internal static class SandboxSpec
{
    public static SandboxRequest Build(string sandboxId, PodSandboxConfig config, StateLayout layout, HostFacts host, SpecOptions options)
    {
        var namespaces = NamespacePaths(sandboxId, config, layout);
        var users = config.Linux?.SecurityContext?.NamespaceOptions?.UsernsOptions;
        var makesUsers = namespaces.ContainsKey("user");
        return new SandboxRequest(
            sandboxId,
            namespaces.ToDictionary(entry => PinType(entry.Key), entry => entry.Value),
            namespaces.ContainsKey("uts") ? Hostname(config, host) : null,
            SandboxSysctls.Build(config, options),
            makesUsers ? IdMaps.Convert(users!.Uids) : null,
            makesUsers ? IdMaps.Convert(users!.Gids) : null,
            namespaces.ContainsKey("pid") ? host.CgroupPaths.ForSandbox(config, sandboxId) : null,
            SharedMemoryPath(sandboxId, config, layout),
            options.SharedMemoryBytes);
    }

    /// <summary>The namespaces that the pod has for itself, by OCI type, and where they are pinned. Those missing are the host's.</summary>
    public static IReadOnlyDictionary<string, string> NamespacePaths(string sandboxId, PodSandboxConfig config, StateLayout layout)
    {
        var options = Options(config);
        var paths = new Dictionary<string, string>();
        if (options.Network == NamespaceMode.Pod)
        {
            // A pod in the host's network also has the host's name.
            paths.Add("network", StateLayout.NetworkNamespace(sandboxId));
            paths.Add("uts", layout.NamespacePin(sandboxId, "uts"));
        }

        if (options.Ipc == NamespaceMode.Pod)
        {
            paths.Add("ipc", layout.NamespacePin(sandboxId, "ipc"));
        }

        if (options.Pid == NamespaceMode.Pod)
        {
            paths.Add("pid", layout.NamespacePin(sandboxId, "pid"));
        }

        if (HasUserNamespace(options))
        {
            paths.Add("user", layout.NamespacePin(sandboxId, "user"));
        }

        return paths;
    }

    /// <summary>The name inside the pod: what is asked, otherwise the node's.</summary>
    public static string Hostname(PodSandboxConfig config, HostFacts host) =>
        Options(config).Network == NamespaceMode.Pod && config.Hostname.Length > 0 ? config.Hostname : host.Hostname;

    /// <summary>Null where the pod uses the host's IPC namespace and with it the host's /dev/shm.</summary>
    public static string? SharedMemoryPath(string sandboxId, PodSandboxConfig config, StateLayout layout) =>
        Options(config).Ipc == NamespaceMode.Pod ? layout.SharedMemory(sandboxId) : null;

    public static bool HasUserNamespace(NamespaceOption options) => options.UsernsOptions is { Mode: NamespaceMode.Pod, Uids.Count: > 0 };

    /// <summary>What user and group 0 of the pod are on the host; null where the pod has the host's users.</summary>
    public static (uint Uid, uint Gid)? RootOnHost(PodSandboxConfig config) => HasUserNamespace(Options(config))
        ? (Options(config).UsernsOptions.Uids[0].HostId, Options(config).UsernsOptions.Gids[0].HostId)
        : null;

    private static NamespaceOption Options(PodSandboxConfig config) =>
        config.Linux?.SecurityContext?.NamespaceOptions ?? new NamespaceOption();

    /// <summary>OCI says "network" where /proc/PID/ns says "net".</summary>
    private static string PinType(string ociType) => ociType == "network" ? "net" : ociType;
}
