namespace CriShim.Runtime.Containers;

/// <summary>
/// What the OCI command line keeps of a container between its commands. Whether it is created, running or stopped is not kept but looked
/// up: <see cref="StateStore.StatusOf"/>.
/// </summary>
/// <param name="StartTime">Of the init: field 22 of /proc/PID/stat.</param>
/// <param name="Rootfs">Absolute path of the root.</param>
/// <param name="CgroupPath">As given to <see cref="Cgroups.CgroupManagerFactory.Open"/>.</param>
/// <param name="Created">Unix time in ns.</param>
/// <param name="Keyring">Name of its session keyring; null without one.</param>
internal sealed record ContainerState(
    string Id,
    int Pid,
    ulong StartTime,
    string BundlePath,
    string Rootfs,
    string CgroupPath,
    long Created,
    string? Keyring,
    IReadOnlyDictionary<string, string>? Annotations)
{
    /// <summary>
    /// <see cref="Cgroups.CgroupManagerFactory.ToText"/> of the process that made the container, where the path is relative to that process's
    /// cgroups: those of the next command may be others.
    /// </summary>
    public string? CgroupMachine { get; init; }
}
