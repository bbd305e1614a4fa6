using CriShim.CriServer.Errors;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>
/// Capability sets: the default ones, plus add, minus drop, within what this process has itself. ALL on either side comes first, single
/// names then make exceptions. Inheritable is empty (CVE-2022-24769) but for what is asked as ambient, which the kernel wants there.
/// </summary>
internal static class SpecCapabilities
{
    private const string Field = "linux.security_context.capabilities";

    public static CapabilitiesSpec Build(ContainerSpecInputs inputs)
    {
        var allowed = inputs.Privileged ? inputs.Host.Capabilities : Asked(inputs);
        var ambient = Ambient(inputs, allowed);
        var names = InOrder(allowed, inputs.Host.Capabilities);
        return new CapabilitiesSpec
        {
            Bounding = names,
            Permitted = names,
            Effective = names,
            Inheritable = ambient,
            Ambient = ambient,
        };
    }

    private static HashSet<string> Asked(ContainerSpecInputs inputs)
    {
        var asked = inputs.SecurityContext?.Capabilities;
        var added = Normalise(asked?.AddCapabilities, $"{Field}.add_capabilities");
        var dropped = Normalise(asked?.DropCapabilities, $"{Field}.drop_capabilities");
        HashSet<string> result = [.. inputs.Options.DefaultCapabilities];
        if (added.Remove(CapabilityNames.Everything))
        {
            result.UnionWith(CapabilityNames.InBitOrder);
        }

        if (dropped.Remove(CapabilityNames.Everything))
        {
            result.Clear();
        }

        result.UnionWith(added);
        result.ExceptWith(dropped);
        return result;
    }

    private static string[] Ambient(ContainerSpecInputs inputs, IReadOnlySet<string> allowed)
    {
        var field = $"{Field}.add_ambient_capabilities";
        var names = Normalise(inputs.SecurityContext?.Capabilities?.AddAmbientCapabilities, field);
        if (names.Remove(CapabilityNames.Everything))
        {
            names.UnionWith(allowed);
        }

        foreach (var name in names)
        {
            if (!allowed.Contains(name))
            {
                throw CriException.InvalidArgument($"{field}: {name} is not among the container's capabilities");
            }
        }

        return InOrder(names, inputs.Host.Capabilities);
    }

    private static HashSet<string> Normalise(IReadOnlyList<string>? names, string field) =>
        [.. (names ?? []).Select(name => CapabilityNames.Normalise(name, field))];

    private static string[] InOrder(IReadOnlySet<string> names, IReadOnlySet<string> available) =>
        [.. CapabilityNames.InBitOrder.Where(name => names.Contains(name) && available.Contains(name))];
}
