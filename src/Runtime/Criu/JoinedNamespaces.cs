using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Criu;

/// <summary>Namespaces that criu can leave alone, and the names that its images then have for them.</summary>
internal static class JoinedNamespaces
{
    /// <summary>By the specification's type and the name of the file in /proc/PID/ns.</summary>
    public static IReadOnlyList<(string Type, string File, string Name)> Names { get; } = [("network", "net", "extRootNetNS"), ("pid", "pid", "extRootPidNS")];

    public static string? PathOf(Spec spec, string type) =>
        spec.Linux?.Namespaces?.FirstOrDefault(item => item.Type == type) is { Path: { Length: > 0 } path } ? path : null;
}
