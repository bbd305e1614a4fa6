namespace CriShim.CriServer.Specs;

/// <summary>The looks that building a spec must take at the host's files. Paths are absolute.</summary>
internal interface IHostFiles
{
    /// <summary>The path with all symbolic links followed; null where nothing is there.</summary>
    string? Resolve(string path);

    /// <summary>How mounts below the path travel: see <see cref="HostPropagation"/>.</summary>
    HostPropagation Propagation(string path);

    /// <summary>
    /// The device at the path, or all devices under the folder at the path; null where nothing is there, empty where it holds none.
    /// </summary>
    IReadOnlyList<HostDevice>? FindDevices(string path);

    /// <summary>
    /// Content of a regular file of at most <paramref name="limitBytes"/>; null where nothing is there. Throws IOException for anything
    /// else.
    /// </summary>
    byte[]? Read(string path, int limitBytes);

    /// <summary>Whether AppArmor has a profile of this name; null where that cannot be seen.</summary>
    bool? IsAppArmorProfileLoaded(string name);
}

/// <summary>Propagation type of the mount that a path lies on (mount_namespaces(7)).</summary>
internal enum HostPropagation
{
    Private,
    Slave,
    Shared,
}

/// <summary>A device node of the host. Type: c or b. Mode: permission bits.</summary>
internal sealed record HostDevice(string Path, char Type, long Major, long Minor, uint Mode, uint Uid, uint Gid);
