namespace CriShim.CriServer.Specs;

/// <summary>What this machine and this process allow; read once at start by <see cref="HostFactsReader"/>.</summary>
internal sealed record HostFacts
{
    /// <summary>Names with CAP_ that this process has and may pass on (bounding and permitted set).</summary>
    public required IReadOnlySet<string> Capabilities { get; init; }

    /// <summary>Hard RLIMIT_NOFILE of this process; ulong.MaxValue is unlimited.</summary>
    public ulong OpenFilesHardLimit { get; init; } = ulong.MaxValue;

    /// <summary>Hard RLIMIT_SIGPENDING of this process, as a rule the kernel's own figure, by the size of memory.</summary>
    public ulong PendingSignals { get; init; } = ulong.MaxValue;

    /// <summary>What a child's limits (RLIMIT_…) cannot rise above: the own hard ones without CAP_SYS_RESOURCE. Those missing can be any.</summary>
    public IReadOnlyDictionary<string, ulong> HardLimits { get; init; } = new Dictionary<string, ulong>();

    /// <summary>The lowest oom_score_adj that a child can be given: the own one without CAP_SYS_RESOURCE.</summary>
    public int OomScoreAdjMinimum { get; init; } = -1000;

    /// <summary>The container's controllers are those of cgroup v2.</summary>
    public bool CgroupUnified { get; init; }

    /// <summary>Where cgroups lie.</summary>
    public CgroupPaths CgroupPaths { get; init; } = new FolderCgroupPaths();

    /// <summary>Swap can be limited.</summary>
    public bool SwapAccounting { get; init; } = true;

    /// <summary>Whether and how AppArmor confines containers.</summary>
    public AppArmorFacts AppArmor { get; init; } = AppArmorFacts.Absent;

    /// <summary>Contexts of containers; null where the kernel runs without SELinux.</summary>
    public SelinuxDefaults? Selinux { get; init; }

    /// <summary>The node's host name.</summary>
    public string Hostname { get; init; } = "localhost";
}
