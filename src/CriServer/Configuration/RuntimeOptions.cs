using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Configuration;

/// <summary>How containers are run.</summary>
public sealed record RuntimeOptions
{
    /// <summary>Path of crishim-runtime; empty: beside the server's own executable.</summary>
    public string Binary { get; init; } = "";

    /// <summary>The program that checkpoints containers: a path, or a name for PATH.</summary>
    public string Criu { get; init; } = "criu";

    /// <summary>Other OCI runtimes, by the name that pods ask for them (runtime_handler). The built-in one is the default.</summary>
    public IReadOnlyDictionary<string, RuntimeHandlerOptions> Handlers { get; init; } = new Dictionary<string, RuntimeHandlerOptions>();

    /// <summary>Who makes cgroups: "cgroupfs", we by ourselves, or "systemd", over D-Bus (cgroup v2 only). The kubelet's must be the same.</summary>
    public string CgroupDriver { get; init; } = CgroupPaths.FolderDriver;

    /// <summary>Longer lines of a container's log are split and marked P.</summary>
    public int MaxLogLineBytes { get; init; } = 16 * 1024;

    /// <summary>How long an exec waits for the output of an ended command that left children behind, in ms.</summary>
    public int ExecDrainMilliseconds { get; init; } = 500;

    /// <summary>Whether a streamed exec's command is killed, with all its descendants, when its client is gone.</summary>
    public bool KillExecOnDisconnect { get; init; } = true;
}
