namespace CriShim.CriServer.Images.Registry;

/// <summary>One request about a repository.</summary>
/// <param name="Path">Below the repository: <c>manifests/latest</c>.</param>
/// <param name="Accept">Media types; null: any.</param>
/// <param name="From">First byte wanted; 0: everything.</param>
internal sealed record RegistryRequest(string Path, IReadOnlyList<string>? Accept = null, long From = 0);
