namespace CriShim.CriServer.Cdi;

/// <summary>Versions of the specification, and which of them a file needs at least (SPEC.md, "Released versions").</summary>
internal static class CdiVersions
{
    private static readonly string[] s_known = ["0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0"];

    /// <summary>Null where the file's version is known and new enough for what is in it; else what is wrong.</summary>
    public static string? Check(CdiSpec spec)
    {
        var version = Array.IndexOf(s_known, spec.CdiVersion);
        if (version < 0)
        {
            return $"cdiVersion \"{spec.CdiVersion}\" is unknown";
        }

        var needed = Needed(spec);
        return version >= Array.IndexOf(s_known, needed) ? null : $"cdiVersion {spec.CdiVersion} is too old for what is in it, which needs {needed}";
    }

    private static string Needed(CdiSpec spec)
    {
        var edits = spec.Devices.Select(device => device.ContainerEdits).Append(spec.ContainerEdits).OfType<CdiContainerEdits>().ToList();
        return edits.Exists(e => e.NetDevices is not null || e.IntelRdt is { Schemata: not null } or { EnableMonitoring: not null }) ? "1.1.0"
            : edits.Exists(e => e.IntelRdt is not null || e.AdditionalGids is not null) ? "0.7.0"
            : HasAnnotations(spec) || spec.Kind.AsSpan(spec.Kind.IndexOf('/') + 1).Contains('.') ? "0.6.0"
            : edits.Exists(e => e.DeviceNodes?.Any(node => node.HostPath is not null) ?? false) || spec.Devices.Any(d => char.IsAsciiDigit(d.Name[0])) ? "0.5.0"
            : edits.Exists(e => e.Mounts?.Any(mount => mount.Type is not null) ?? false) ? "0.4.0"
            : "0.3.0";
    }

    private static bool HasAnnotations(CdiSpec spec) =>
        spec.Annotations is { Count: > 0 } || spec.Devices.Any(device => device.Annotations is { Count: > 0 });
}
