using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Security;

/// <summary>The five sets of a process (capabilities(7)) as bit masks.</summary>
internal sealed record CapabilitySets(ulong Bounding, ulong Effective, ulong Permitted, ulong Inheritable, ulong Ambient)
{
    /// <summary>
    /// What the spec asks, as far as it is there to give: nobody can pass on what he lacks, and a node agent that lacks some
    /// capability must still be able to run a container that asks for all. Without a spec: none.
    /// </summary>
    public static CapabilitySets FromSpec(CapabilitiesSpec? spec, ulong available)
    {
        var permitted = CapabilityTable.ToMask(spec?.Permitted) & available;
        var inheritable = CapabilityTable.ToMask(spec?.Inheritable) & available;
        return new CapabilitySets(
            CapabilityTable.ToMask(spec?.Bounding) & available,
            CapabilityTable.ToMask(spec?.Effective) & permitted,
            permitted,
            inheritable,
            CapabilityTable.ToMask(spec?.Ambient) & permitted & inheritable);
    }

    /// <summary>Permitted set of this process.</summary>
    public static ulong OwnPermitted()
    {
        var header = new cap_header { version = _LINUX_CAPABILITY_VERSION_3 };
        Check.Result(capget(header, out var data), "capget");
        return data.permitted0 | ((ulong)data.permitted1 << 32);
    }

    public static bool Has(ulong mask, int capability) => (mask & (1UL << capability)) != 0;
}
