using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Programs;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Handlers;

/// <summary>What another OCI runtime can do, by its own word: <c>PROGRAM features</c> (runtime-spec features.md). One that has none to give can do nothing.</summary>
/// <param name="userNamespaces">Whether this machine and its image layers can have user namespaces at all.</param>
internal sealed class ExternalFeatures(IProgramRunner programs, bool userNamespaces, ILogger<ExternalFeatures> log)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    public async Task<RuntimeHandlerFeatures> ReadAsync(RuntimeHandlerOptions handler)
    {
        try
        {
            var result = await programs.RunAsync(handler.Binary, ["features"], [], [], s_limit, CancellationToken.None);
            if (result.ExitCode == 0)
            {
                return Parse(result.Stdout, userNamespaces);
            }

            HandlersLog.NoFeatures(log, handler.Binary, $"exit code {result.ExitCode}");
        }
        catch (Exception e) when (e is IOException or JsonException or TimeoutException)
        {
            HandlersLog.NoFeatures(log, handler.Binary, e.Message);
        }

        return new RuntimeHandlerFeatures();
    }

    /// <exception cref="JsonException">Not a features document.</exception>
    internal static RuntimeHandlerFeatures Parse(ReadOnlyMemory<byte> json, bool userNamespaces)
    {
        using var document = JsonDocument.Parse(json);
        var linux = Member(document.RootElement, "linux");
        var mapsIds = Member(Member(Member(linux, "mountExtensions"), "idmap"), "enabled") is { ValueKind: JsonValueKind.True };
        return new RuntimeHandlerFeatures
        {
            RecursiveReadOnlyMounts = Has(Member(document.RootElement, "mountOptions"), "rro"),
            UserNamespaces = userNamespaces && mapsIds && Has(Member(linux, "namespaces"), "user"),
        };
    }

    private static JsonElement? Member(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var member) ? member : null;

    private static bool Has(JsonElement? list, string word) =>
        list is { ValueKind: JsonValueKind.Array } words && words.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.String && item.ValueEquals(word));
}
