namespace CriShim.CriServer.Images.Registry;

/// <summary>Whom a pull from a registry asks, and why.</summary>
/// <param name="Host">The registry as images name it.</param>
/// <param name="Source">The file or folder that says so; null: nothing is configured for this registry.</param>
/// <param name="Endpoints">In the order in which they are asked.</param>
internal sealed record RegistryPlan(string Host, string? Source, IReadOnlyList<RegistryEndpoint> Endpoints);
