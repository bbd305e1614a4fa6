using CriShim.Oci.RuntimeSpec;
using static CriShim.Runtime.Containers.SpecValidator;

namespace CriShim.Runtime.Containers;

/// <summary>Which interfaces can be moved; as <see cref="SpecValidator"/>.</summary>
internal static class NetDeviceRules
{
    private const int MaxNameBytes = 15;

    public static void Check(IReadOnlyDictionary<string, NetDeviceSpec>? devices, IReadOnlySet<string> namespaces)
    {
        if (devices is null or { Count: 0 })
        {
            return;
        }

        Require(namespaces.Contains("network"), "linux.netDevices", "needs a network namespace");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (host, device) in devices)
        {
            var name = string.IsNullOrEmpty(device.Name) ? host : device.Name;
            Require(IsName(host), "linux.netDevices", $"\"{host}\" is not an interface's name");
            Require(IsName(name), "linux.netDevices", $"\"{name}\" is not an interface's name");
            Require(name.Contains("%d", StringComparison.Ordinal) || names.Add(name), "linux.netDevices", $"\"{name}\" is given twice");
        }
    }

    private static bool IsName(string name) => name is not ("" or "." or "..") && name.Length <= MaxNameBytes
        && name.All(character => character is > ' ' and < '\x7f' and not '/' and not ':');
}
