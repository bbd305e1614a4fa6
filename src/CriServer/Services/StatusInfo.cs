using System.Text.Json;
using System.Text.Json.Nodes;
using CriShim.CriServer.Cdi;
using CriShim.CriServer.Configuration;

namespace CriShim.CriServer.Services;

/// <summary>The verbose part of Status, for people: the settings in use, the network's configuration, and CDI files that cannot be used, as JSON.</summary>
/// <param name="network">JSON of the network's state.</param>
internal sealed class StatusInfo(CriServerOptions options, Func<string> network, CdiDevices devices)
{
    public Dictionary<string, string> Entries() => new()
    {
        ["config"] = JsonSerializer.Serialize(options, OptionsJsonContext.Default.CriServerOptions),
        ["network"] = network(),
        ["cdi"] = new JsonObject { ["problems"] = new JsonArray([.. devices.Problems().Select(problem => JsonValue.Create(problem))]) }.ToJsonString(),
    };
}
