namespace CriShim.CriServer.Configuration;

/// <summary>What containers get where the client does not say otherwise.</summary>
public sealed record SpecOptions
{
    /// <summary>Capabilities of an unprivileged container before the client's add and drop.</summary>
    public IReadOnlyList<string> DefaultCapabilities { get; init; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    /// <summary>Set in every pod with a network namespace of its own; the client's sysctls win.</summary>
    public IReadOnlyDictionary<string, string> DefaultSysctls { get; init; } = new Dictionary<string, string>
    {
        ["net.ipv4.ip_unprivileged_port_start"] = "0",
        [PingGroupRange] = "0 2147483647",
    };

    /// <summary>RLIMIT_NOFILE: never inherited from the server, whose own is large. Clamped to the server's hard limit.</summary>
    public ulong OpenFilesSoftLimit { get; init; } = 1024;

    public ulong OpenFilesHardLimit { get; init; } = 524288;

    /// <summary>
    /// AppArmor profile of containers that ask for the runtime's default, or for nothing and are not privileged; empty: none.
    /// crishim-default is ours, loaded at start; any other must be loaded by its owner.
    /// </summary>
    public string AppArmorProfile { get; init; } = "crishim-default";

    /// <summary>Size of a pod's /dev/shm.</summary>
    public long SharedMemoryBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>A smaller memory limit is refused: the container's init would not get as far as its program.</summary>
    public long MinimumMemoryBytes { get; init; } = 512 * 1024;

    /// <summary>Privileged containers get no device of the host but those asked for.</summary>
    public bool PrivilegedWithoutHostDevices { get; init; }

    /// <summary>Device nodes belong to run_as_user and run_as_group instead of their owner on the host.</summary>
    public bool DeviceOwnershipFromSecurityContext { get; init; }

    /// <summary>Folders of files that describe devices (Container Device Interface); a later one hides the devices of an earlier one.</summary>
    public IReadOnlyList<string> CdiFolders { get; init; } = ["/etc/cdi", "/var/run/cdi"];

    internal const string PingGroupRange = "net.ipv4.ping_group_range";
}
