using System.Text;
using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Specs;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Google.Protobuf;

namespace CriShim.CriServer.Tests.Specs;

/// <summary>Configs as clients send them, and the inputs made of them.</summary>
internal static class Given
{
    public static readonly StateLayout Layout = new("/run/state");

    public static HostFacts Host { get; } = new()
    {
        Capabilities = CapabilityNames.InBitOrder.ToHashSet(),
        Hostname = "node1",
        OpenFilesHardLimit = 1048576,
    };

    /// <summary>The least that critest sends: no linux part at all.</summary>
    public static PodSandboxConfig BarePod() => new()
    {
        Metadata = new PodSandboxMetadata { Name = "pod", Namespace = "default", Uid = "uid-1" },
    };

    /// <summary>As kubelet 1.36 sends it for an ordinary pod.</summary>
    public static PodSandboxConfig KubeletPod() => new()
    {
        Metadata = new PodSandboxMetadata { Name = "web-0", Namespace = "shop", Uid = "8a1c4f6e" },
        Hostname = "web-0",
        LogDirectory = "/var/log/pods/shop_web-0_8a1c4f6e",
        DnsConfig = new DNSConfig { Servers = { "10.96.0.10" }, Searches = { "shop.svc.cluster.local", "svc.cluster.local" }, Options = { "ndots:5" } },
        Labels = { ["io.kubernetes.pod.uid"] = "8a1c4f6e" },
        Annotations = { ["note"] = "{\n  \"a\": 1\n}" },
        PortMappings = { new PortMapping { ContainerPort = 80 } },
        Linux = new LinuxPodSandboxConfig
        {
            CgroupParent = "/kubepods/burstable/pod8a1c4f6e",
            SecurityContext = new LinuxSandboxSecurityContext
            {
                NamespaceOptions = new NamespaceOption { Pid = NamespaceMode.Container, UsernsOptions = new UserNamespace { Mode = NamespaceMode.Node } },
                Seccomp = new SecurityProfile(),
            },
            Overhead = new LinuxContainerResources(),
            Resources = new LinuxContainerResources(),
        },
    };

    public static ContainerConfig BareContainer() => new()
    {
        Metadata = new ContainerMetadata { Name = "c" },
        Image = new ImageSpec { Image = "busybox" },
        Command = { "top" },
    };

    public static ContainerConfig KubeletContainer() => new()
    {
        Metadata = new ContainerMetadata { Name = "web", Attempt = 1 },
        Image = new ImageSpec { Image = "sha256:abc", UserSpecifiedImage = "nginx:1" },
        Envs = { new KeyValue { Key = "KUBERNETES_PORT", Value = ByteString.CopyFromUtf8("tcp://10.96.0.1:443") } },
        LogPath = "web/1.log",
        Mounts =
        {
            new Mount { ContainerPath = "/var/run/secrets/kubernetes.io/serviceaccount", HostPath = "/var/lib/kubelet/pods/8a/volumes/token", Readonly = true },
            new Mount { ContainerPath = "/etc/hosts", HostPath = "/var/lib/kubelet/pods/8a/etc-hosts", SelinuxRelabel = true },
            new Mount { ContainerPath = "/dev/termination-log", HostPath = "/var/lib/kubelet/pods/8a/containers/web/0", SelinuxRelabel = true },
        },
        Linux = new LinuxContainerConfig
        {
            Resources = new LinuxContainerResources { CpuShares = 102, CpuQuota = 50000, CpuPeriod = 100000, MemoryLimitInBytes = 64 << 20, OomScoreAdj = 987 },
            SecurityContext = new LinuxContainerSecurityContext
            {
                NamespaceOptions = new NamespaceOption { Pid = NamespaceMode.Container, UsernsOptions = new UserNamespace { Mode = NamespaceMode.Node } },
                Capabilities = new Capability(),
                RunAsUser = new Int64Value { Value = 101 },
                NoNewPrivs = true,
                MaskedPaths = { "/proc/kcore", "/sys/firmware" },
                ReadonlyPaths = { "/proc/sys" },
                Seccomp = new SecurityProfile(),
            },
        },
    };

    public static ContainerSpecInputs Inputs(ContainerConfig? container = null, PodSandboxConfig? pod = null) => new()
    {
        ContainerId = "c1",
        Config = container ?? BareContainer(),
        Sandbox = Sandbox(pod ?? BarePod()),
        Image = new ImageDefaults("docker.io/library/nginx:1", ["/entry"], ["serve"], ["PATH=/bin", "A=1"], "/srv", ""),
        User = new ResolvedUser(101, 101, [101], "/home/web"),
        Host = Host,
        HostFiles = new FakeHostFiles(),
        VolumePath = number => $"/volumes/{number}",
    };

    public static SandboxFacts Sandbox(PodSandboxConfig pod) => new()
    {
        Id = "s1",
        Config = pod,
        Namespaces = SandboxSpec.NamespacePaths("s1", pod, Layout),
        SharedMemoryPath = SandboxSpec.SharedMemoryPath("s1", pod, Layout),
        Files = new SandboxFiles(Layout.SandboxFolder("s1")),
        Hostname = SandboxSpec.Hostname(pod, Host),
    };

    /// <summary>Inputs for a container with the security context, in a pod that allows it.</summary>
    public static ContainerSpecInputs Secured(LinuxContainerSecurityContext context)
    {
        var container = BareContainer();
        container.Linux = new LinuxContainerConfig { SecurityContext = context };
        var pod = BarePod();
        pod.Linux = new LinuxPodSandboxConfig { SecurityContext = new LinuxSandboxSecurityContext { Privileged = context.Privileged } };
        return Inputs(container, pod);
    }

    public static Spec Build(Action<ContainerConfig> change)
    {
        var container = BareContainer();
        change(container);
        return ContainerSpecBuilder.Build(Inputs(container));
    }

    public static CriException Refused(Action act, CriErrorKind kind = CriErrorKind.InvalidArgument)
    {
        var error = Assert.Throws<CriException>(act);
        Assert.Equal(kind, error.Kind);
        return error;
    }

    public static string[] Text(IReadOnlyList<byte[]>? env) => [.. env!.Select(Encoding.UTF8.GetString)];
}
