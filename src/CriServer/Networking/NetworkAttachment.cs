using System.Text.Json;

namespace CriShim.CriServer.Networking;

/// <summary>A connected pod.</summary>
/// <param name="Ips">The primary address first.</param>
/// <param name="CniResult">What the last plugin reported; null on the built-in bridge.</param>
internal sealed record NetworkAttachment(IReadOnlyList<string> Ips, JsonElement? CniResult);
