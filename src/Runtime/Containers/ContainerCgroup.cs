using CriShim.Cgroups;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Containers;

/// <summary>A container's cgroup by the driver that it was made with.</summary>
internal static class ContainerCgroup
{
    public static ICgroupManager Open(ContainerState state) => Open(state.CgroupPath, state.UsesSystemd);

    /// <param name="path">A spec's linux.cgroupsPath.</param>
    /// <param name="usesSystemd">The path is "slice:prefix:name", for systemd to make.</param>
    public static ICgroupManager Open(string path, bool usesSystemd) => usesSystemd
        ? throw new RuntimeException(RuntimeErrorKind.InvalidArgument, "--systemd-cgroup: the systemd cgroup driver is not available")
        : CgroupManagerFactory.FromProc().Open(path);
}
