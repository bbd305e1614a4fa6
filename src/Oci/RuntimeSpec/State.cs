namespace CriShim.Oci.RuntimeSpec;

/// <summary>The state of a container as hooks and the `state` command see it (runtime.md, "State").</summary>
public sealed record State
{
    public string OciVersion { get; init; } = Spec.CurrentVersion;
    public required string Id { get; init; }

    /// <summary>creating, created, running or stopped.</summary>
    public required string Status { get; init; }

    /// <summary>Of the container init, in the host's PID namespace; absent when stopped.</summary>
    public int? Pid { get; init; }

    /// <summary>Absolute path.</summary>
    public required string Bundle { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
