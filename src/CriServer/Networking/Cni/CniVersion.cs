namespace CriShim.CriServer.Networking.Cni;

/// <summary>Versions of the CNI specification, oldest first.</summary>
internal static class CniVersion
{
    /// <summary>What a configuration without a version means.</summary>
    public const string Default = "0.1.0";

    private static readonly string[] s_supported = [Default, "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

    public static bool IsSupported(string version) => s_supported.Contains(version);

    public static bool AtLeast(string version, string minimum) => Array.IndexOf(s_supported, version) >= Array.IndexOf(s_supported, minimum);

    /// <summary>The newest of <paramref name="versions"/> that is spoken here; null when none is.</summary>
    public static string? Newest(IEnumerable<string> versions) =>
        versions.Where(IsSupported).MaxBy(version => Array.IndexOf(s_supported, version));
}
