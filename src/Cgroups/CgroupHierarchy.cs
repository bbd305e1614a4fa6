namespace CriShim.Cgroups;

/// <summary>One mounted cgroup file system.</summary>
/// <param name="Controllers">As in /proc/PID/cgroup: "cpu,cpuacct", "name=systemd"; empty for v2.</param>
/// <param name="MountPoint">Where it is mounted.</param>
/// <param name="OwnPath">The reading process's cgroup below the mount point; "/" at its root.</param>
public sealed record CgroupHierarchy(string Controllers, string MountPoint, string OwnPath)
{
    public bool IsV2 => Controllers.Length == 0;

    /// <summary>True when this hierarchy carries the controller, alone or joined with others.</summary>
    public bool Has(string controller) => ListHas(Controllers, controller);

    /// <summary>True when a comma-separated list has the name.</summary>
    internal static bool ListHas(ReadOnlySpan<char> list, ReadOnlySpan<char> name)
    {
        foreach (var range in list.Split(','))
        {
            if (list[range].SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }
}
