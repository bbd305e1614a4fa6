using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Commands;

/// <summary>The spec that `spec` writes: a shell in namespaces of its own, with little privilege.</summary>
internal static class DefaultSpec
{
    private static readonly string[] s_capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

    private static readonly string[] s_namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"];

    public static Spec Build() => new()
    {
        Process = new ProcessSpec
        {
            Terminal = true,
            Args = ["sh"],
            Env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"u8.ToArray(), "TERM=xterm"u8.ToArray()],
            Capabilities = new CapabilitiesSpec { Bounding = s_capabilities, Effective = s_capabilities, Permitted = s_capabilities },
            Rlimits = [new RlimitSpec { Type = "RLIMIT_NOFILE", Hard = 1024, Soft = 1024 }],
            NoNewPrivileges = true,
        },
        Root = new RootSpec { Path = "rootfs", Readonly = true },
        Hostname = "crishim",
        Mounts =
        [
            Mount("/proc", "proc", "proc"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
            Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
            Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
            Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
        ],
        Linux = new LinuxSpec
        {
            Resources = new ResourcesSpec { Devices = [new DeviceRuleSpec { Allow = false, Access = "rwm" }] },
            Namespaces = [.. s_namespaces.Select(type => new NamespaceSpec { Type = type })],
            MaskedPaths =
            [
                "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/devices/virtual/powercap", "/sys/firmware",
            ],
            ReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    };

    /// <summary>The same for a caller without privileges: in a user namespace where it is root, on the host's network, without limits.</summary>
    public static Spec BuildRootless()
    {
        var spec = Build();
        return spec with
        {
            Mounts =
            [
                .. spec.Mounts!.Where(mount => mount.Type is not ("sysfs" or "cgroup")).Select(WithoutGroup),
                Mount("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro"),
            ],
            Linux = spec.Linux! with
            {
                Resources = null,
                Namespaces = [.. s_namespaces.Where(type => type != "network").Append("user").Select(type => new NamespaceSpec { Type = type })],
                UidMappings = [new IdMapping { HostID = OwnProcess.EffectiveUser, ContainerID = 0, Size = 1 }],
                GidMappings = [new IdMapping { HostID = OwnProcess.EffectiveGroup, ContainerID = 0, Size = 1 }],
            },
        };
    }

    /// <summary>The terminals' group is not one of the namespace's.</summary>
    private static MountSpec WithoutGroup(MountSpec mount) => mount with { Options = mount.Options?.Where(option => option != "gid=5").ToArray() };

    private static MountSpec Mount(string destination, string type, string source, params string[] options) =>
        new() { Destination = destination, Type = type, Source = source, Options = options.Length > 0 ? options : null };
}
