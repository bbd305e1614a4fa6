namespace CriShim.Cgroups.V2;

/// <summary>How many processes the OOM killer ended on account of a cgroup (cgroup-v2.rst, memory.events).</summary>
internal static class OomEvents
{
    /// <summary>
    /// memory.events.local counts the processes of the cgroup itself. Kills in cgroups below it count only when this cgroup's limit was
    /// the one that was hit: a container that runs containers is not OOM-killed when one of those is.
    /// </summary>
    public static long KillCount(string path) => TryKillCount(path) ?? 0;

    /// <summary>As <see cref="KillCount"/>; null when the cgroup is gone, or has no memory controller.</summary>
    public static long? TryKillCount(string path)
    {
        var local = CgroupFile.ReadIfPresent(path + "/memory.events.local");
        if (local is not null && StatText.Find(local, "oom_kill") is var own && (own > 0 || StatText.Find(local, "oom") == 0))
        {
            return (long)own;
        }

        return CgroupFile.ReadIfPresent(path + "/memory.events") is { } all ? (long)StatText.Find(all, "oom_kill") : null;
    }
}
