namespace CriShim.CriServer.Configuration;

/// <summary>Another OCI runtime that pods may ask for by their runtime handler: runc, crun, runsc, or any with runc's command line.</summary>
public sealed record RuntimeHandlerOptions
{
    /// <summary>Absolute path of its program.</summary>
    public required string Binary { get; init; }

    /// <summary>Folder for its states; null: each container's own.</summary>
    public string? Root { get; init; }

    /// <summary>What its command line begins with, e.g. --debug; --systemd-cgroup is added where the cgroup driver is systemd.</summary>
    public IReadOnlyList<string>? Arguments { get; init; }

    /// <summary>Privileged containers get no device of the host but those asked for.</summary>
    public bool PrivilegedWithoutHostDevices { get; init; }
}
