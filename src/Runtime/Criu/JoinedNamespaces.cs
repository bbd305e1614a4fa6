using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Criu;

/// <summary>Namespaces that criu can leave alone, and the names that its images then have for them.</summary>
internal static class JoinedNamespaces
{
    public static IReadOnlyList<(string Type, string Name)> Names { get; } = [("network", "extRootNetNS"), ("pid", "extRootPidNS")];

    public static string? PathOf(Spec spec, string type) =>
        spec.Linux?.Namespaces?.FirstOrDefault(item => item.Type == type) is { Path: { Length: > 0 } path } ? path : null;
}
