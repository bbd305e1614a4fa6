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
        Process = spec.Process! with { Rlimits = spec.Process.Rlimits is { } limits ? [.. limits.Select(limit => Clamp(limit, host))] : null },
    };

    private static RlimitSpec Clamp(RlimitSpec limit, HostFacts host)
    {
        var most = host.HardLimits.GetValueOrDefault(limit.Type, ulong.MaxValue);
        return limit with { Soft = Math.Min(limit.Soft, most), Hard = Math.Min(limit.Hard, most) };
    }
}
