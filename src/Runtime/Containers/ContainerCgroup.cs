using CriShim.Cgroups;
using CriShim.Cgroups.Systemd;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Containers;

/// <summary>Which cgroup a container of the OCI command line has.</summary>
internal static class ContainerCgroup
{
    public static ICgroupManager Open(ContainerState state) =>
        (state.CgroupMachine is { } text ? CgroupManagerFactory.FromText(text) : CgroupManagerFactory.FromProc()).Open(state.CgroupPath);

    /// <summary>
    /// The spec's path. Without one: named like the container, beside or below this process's own cgroup or, with systemd, in system.slice, as
    /// other runtimes do.
    /// </summary>
    /// <exception cref="RuntimeException">The path is of the other driver's form.</exception>
    public static string PathOf(string id, Spec spec, bool usesSystemd)
    {
        if (spec.Linux?.CgroupsPath is not { Length: > 0 } path)
        {
            return CgroupManagerFactory.DefaultPath(id, usesSystemd);
        }

        if (ScopePath.Is(path) != usesSystemd)
        {
            var why = usesSystemd ? "with --systemd-cgroup it is slice:prefix:name" : "slice:prefix:name needs --systemd-cgroup";
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"linux.cgroupsPath \"{path}\": {why}");
        }

        return path;
    }

    /// <summary>True where the path means another cgroup to another process.</summary>
    public static bool IsRelative(string path) => !path.StartsWith('/') && !ScopePath.Is(path);
}
