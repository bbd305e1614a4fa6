using System.Text.Json;

namespace CriShim.CriServer.Networking.Cni;

/// <summary>One plugin of a network: its object in the configuration, and what it declares.</summary>
internal sealed record CniPluginConfig(string Type, JsonElement Json, IReadOnlySet<string> Capabilities);

/// <summary>A network configuration list (CNI specification, section 1).</summary>
/// <param name="Json">The list as it was read, a single plugin's configuration already wrapped; kept with each attachment.</param>
internal sealed record CniConfig(string Name, string Version, IReadOnlyList<CniPluginConfig> Plugins, bool DisableGc, JsonElement Json)
{
    /// <summary>Reads a list (with <c>plugins</c>) or a single plugin's configuration. Throws <see cref="CniException"/>.</summary>
    public static CniConfig Parse(ReadOnlySpan<byte> json)
    {
        JsonElement root;
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            root = JsonElement.ParseValue(ref reader);
        }
        catch (JsonException e)
        {
            throw new CniException($"not JSON: {e.Message}", e);
        }

        return Parse(root);
    }

    public static CniConfig Parse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new CniException("not a JSON object");
        }

        if (!json.TryGetProperty("plugins", out var plugins))
        {
            json = Wrap(json);
            plugins = json.GetProperty("plugins");
        }

        if (plugins.ValueKind != JsonValueKind.Array || plugins.GetArrayLength() == 0)
        {
            throw new CniException("plugins: must be a list with at least one plugin");
        }

        return new CniConfig(
            CheckName(Text(json, "name")),
            ChooseVersion(json),
            [.. plugins.EnumerateArray().Select(ParsePlugin)],
            Flag(json, "disableGC"),
            json);
    }

    /// <summary>The same with more plugins at its end, as files in a folder of the network's name bring them.</summary>
    public CniConfig With(IEnumerable<JsonElement> plugins) => Parse(Compose(Json, [.. Plugins.Select(plugin => plugin.Json), .. plugins]));

    /// <summary>Whether plugins in a folder of the network's name belong to it.</summary>
    public bool LoadsFolder => !Flag(Json, "loadOnlyInlinedPlugins");

    private static CniPluginConfig ParsePlugin(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new CniException("plugins: not a JSON object");
        }

        var capabilities = json.TryGetProperty("capabilities", out var declared) && declared.ValueKind == JsonValueKind.Object
            ? declared.EnumerateObject().Where(item => item.Value.ValueKind == JsonValueKind.True).Select(item => item.Name).ToHashSet()
            : [];
        return new CniPluginConfig(CheckType(Text(json, "type")), json, capabilities);
    }

    /// <summary>A plain file name: anything else would run a program outside the plugin folders (CVE-2021-20206).</summary>
    private static string CheckType(string type) =>
        type.Length is > 0 and <= 255 && type is not ("." or "..") && !type.Any(c => c is '/' or '\\' || char.IsControl(c))
            ? type
            : throw new CniException($"plugin type \"{type}\" is not a plain file name");

    private static string CheckName(string name) =>
        name.Length > 0 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            ? name
            : throw new CniException($"network name \"{name}\" must be letters, digits, \"_\", \".\" and \"-\" and begin with a letter or digit");

    private static string ChooseVersion(JsonElement json)
    {
        var versions = new List<string>();
        if (json.TryGetProperty("cniVersions", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            versions.AddRange(list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!));
        }

        if (Text(json, "cniVersion") is { Length: > 0 } version)
        {
            versions.Add(version);
        }

        return versions.Count == 0
            ? CniVersion.Default
            : CniVersion.Newest(versions) ?? throw new CniException($"cniVersion {string.Join(", ", versions)} is not supported");
    }

    private static JsonElement Wrap(JsonElement plugin) => Compose(plugin, [plugin]);

    /// <summary>A list with the head's own keys and the given plugins.</summary>
    private static JsonElement Compose(JsonElement head, IReadOnlyList<JsonElement> plugins)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            foreach (var property in head.EnumerateObject())
            {
                if (property.Name is "name" or "cniVersion" or "cniVersions" or "disableCheck" or "disableGC" or "loadOnlyInlinedPlugins")
                {
                    property.WriteTo(writer);
                }
            }

            writer.WriteStartArray("plugins");
            foreach (var plugin in plugins)
            {
                plugin.WriteTo(writer);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static bool Flag(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.String => string.Equals(value.GetString(), "true", StringComparison.OrdinalIgnoreCase),
        _ => false,
    };
}
