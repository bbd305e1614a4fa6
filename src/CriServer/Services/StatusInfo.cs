using System.Text.Json;
using CriShim.CriServer.Configuration;

namespace CriShim.CriServer.Services;

/// <summary>The verbose part of Status, for people: the settings in use and the network's configuration, as JSON.</summary>
/// <param name="network">JSON of the network's state.</param>
internal sealed class StatusInfo(CriServerOptions options, Func<string> network)
{
    public Dictionary<string, string> Entries() => new()
    {
        ["config"] = JsonSerializer.Serialize(options, OptionsJsonContext.Default.CriServerOptions),
        ["network"] = network(),
    };
}
