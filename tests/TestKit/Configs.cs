using CriShim.Cri.V1;

namespace CriShim.TestKit;

/// <summary>Pod and container configurations as the kubelet sends them.</summary>
public static class Configs
{
    private static int s_count;

    /// <summary>A pod with a name of its own; PID namespace per container, network as asked.</summary>
    public static PodSandboxConfig Pod(string? name = null, NamespaceMode network = NamespaceMode.Node, string logDirectory = "")
    {
        name ??= $"pod{Interlocked.Increment(ref s_count)}-{Environment.ProcessId}";
        return new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = name, Namespace = "default", Uid = $"uid-{name}", Attempt = 0 },
            Hostname = network == NamespaceMode.Node ? "" : name,
            LogDirectory = logDirectory,
            Labels = { ["io.kubernetes.pod.name"] = name },
            Annotations = { ["test/annotation"] = "kept" },
            Linux = new LinuxPodSandboxConfig
            {
                SecurityContext = new LinuxSandboxSecurityContext
                {
                    NamespaceOptions = new NamespaceOption { Network = network, Pid = NamespaceMode.Container, Ipc = NamespaceMode.Pod },
                },
            },
        };
    }

    /// <summary>A container that runs <paramref name="command"/> in the namespaces of <paramref name="pod"/>.</summary>
    public static ContainerConfig Container(PodSandboxConfig pod, string image, string name, params string[] command) => new()
    {
        Metadata = new ContainerMetadata { Name = name, Attempt = 0 },
        Image = new ImageSpec { Image = image },
        Command = { command },
        LogPath = pod.LogDirectory.Length == 0 ? "" : $"{name}/0.log",
        Labels = { ["io.kubernetes.container.name"] = name },
        Annotations = { ["test/annotation"] = "kept" },
        Linux = new LinuxContainerConfig
        {
            Resources = new LinuxContainerResources(),
            SecurityContext = new LinuxContainerSecurityContext { NamespaceOptions = pod.Linux?.SecurityContext?.NamespaceOptions?.Clone() },
        },
    };
}
