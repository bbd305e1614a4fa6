namespace CriShim.Cgroups;

/// <summary>How the machine mounts its cgroups (cgroups(7)).</summary>
public enum CgroupMode
{
    /// <summary>One cgroup2 hierarchy with all controllers.</summary>
    Unified,

    /// <summary>v1 hierarchies only.</summary>
    Legacy,

    /// <summary>v1 hierarchies with the controllers, and a cgroup2 hierarchy for processes (cgroup.kill, cgroup.events).</summary>
    Hybrid,
}
