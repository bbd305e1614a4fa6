namespace CriShim.Cgroups;

/// <summary>A cgroup in one hierarchy.</summary>
/// <param name="Controllers">As in /proc/PID/cgroup: "cpu,cpuacct", "name=systemd"; empty for the v2 hierarchy.</param>
/// <param name="Path">Absolute path of the folder.</param>
/// <param name="MountPoint">Where the hierarchy is mounted.</param>
public sealed record CgroupFolder(string Controllers, string Path, string MountPoint);
