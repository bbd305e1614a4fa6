using CriShim.CriServer.Specs;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Handlers;

/// <summary>What other runtimes need otherwise than the built-in one, which does this by itself.</summary>
internal static class ExternalSpec
{
    /// <summary>What every runtime of today takes; what later versions have added is only ever more.</summary>
    private const string Version = "1.0.2";

    /// <summary>A limit above what can be given is an error to them: it is the largest that can.</summary>
    public static Spec Adapt(Spec spec, HostFacts host) => spec with
    {
        OciVersion = Version,
        Annotations = Adapt(spec.Annotations),
        Process = spec.Process! with { Rlimits = spec.Process.Rlimits is { } limits ? [.. limits.Select(limit => Clamp(limit, host))] : null },
    };

    /// <summary>
    /// Runtimes that put a pod's containers into one virtual machine or kernel look there for the pod's first one, and there is none: without the
    /// type each container is one of its own to them. crun is to put the container into its systemd scope, not into a cgroup below it whose
    /// limits only crun would change (crun(1), run.oci.systemd.subgroup).
    /// </summary>
    private static Dictionary<string, string> Adapt(IReadOnlyDictionary<string, string>? annotations) =>
        new((annotations ?? new Dictionary<string, string>()).Where(item => item.Key != SpecAnnotations.ContainerType))
        {
            ["run.oci.systemd.subgroup"] = "",
        };

    private static RlimitSpec Clamp(RlimitSpec limit, HostFacts host)
    {
        var most = host.HardLimits.GetValueOrDefault(limit.Type, ulong.MaxValue);
        return limit with { Soft = Math.Min(limit.Soft, most), Hard = Math.Min(limit.Hard, most) };
    }
}
