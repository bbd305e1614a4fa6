using System.Text.Json;
using System.Text.Json.Nodes;

namespace CriShim.CriServer.Configuration;

/// <summary>What <see cref="OptionsLoader"/> found: settings, or everything that is wrong with them.</summary>
internal sealed record LoadedOptions(CriServerOptions? Options, IReadOnlyList<string> Errors);

/// <summary>
/// Reads the settings from their four sources and merges them: objects key by key, all else replaced. Every mistake is reported at
/// once, each with its source and path.
/// </summary>
internal sealed class OptionsLoader(string? configPath, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> flags)
{
    private const string EnvironmentPrefix = "CRISHIM__";

    private readonly List<string> _errors = [];

    /// <param name="configPath">Null: the default file, which need not exist.</param>
    /// <param name="environment">All variables; those with the prefix CRISHIM__ are settings, the folders of their path parted by "__".</param>
    /// <param name="flags">Dotted path to value.</param>
    public static LoadedOptions Load(
        string? configPath, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> flags) =>
        new OptionsLoader(configPath, environment, flags).Load();

    private LoadedOptions Load()
    {
        var merged = JsonSerializer.SerializeToNode(new CriServerOptions(), OptionsJsonContext.Default.CriServerOptions)!.AsObject();
        foreach (var file in ConfigFiles())
        {
            if (ReadFile(file) is { } document)
            {
                Merge(merged, document);
            }
        }

        foreach (var (name, value) in environment.Where(v => v.Key.StartsWith(EnvironmentPrefix, StringComparison.Ordinal)).OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            Set(merged, name[EnvironmentPrefix.Length..].Split("__"), value, $"environment {name}");
        }

        foreach (var (path, value) in flags)
        {
            Set(merged, path.Split('.'), value, $"flag --{path.Replace('.', '-')}");
        }

        // What is of a wrong type was left out of the merge: the rest is checked all the same.
        var options = merged.Deserialize(OptionsJsonContext.Default.CriServerOptions)!;
        _errors.AddRange(OptionsValidator.Validate(options));
        return new LoadedOptions(_errors.Count == 0 ? options : null, _errors);
    }

    private IEnumerable<string> ConfigFiles()
    {
        var main = configPath ?? CriServerOptions.DefaultConfigPath;
        if (File.Exists(main))
        {
            yield return main;
        }
        else if (configPath is not null)
        {
            _errors.Add($"{main}: no such file");
        }

        var dropIns = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(main))!, "conf.d");
        if (Directory.Exists(dropIns))
        {
            foreach (var file in Directory.EnumerateFiles(dropIns, "*.json").Order(StringComparer.Ordinal))
            {
                yield return file;
            }
        }
    }

    private JsonObject? ReadFile(string path)
    {
        try
        {
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            switch (JsonNode.Parse(File.ReadAllBytes(path), documentOptions: options))
            {
                case JsonObject document:
                    OptionsSchema.Check(document, path, _errors); // ArgumentException: a key that comes twice
                    return document;
                default:
                    _errors.Add($"{path}: not a JSON object");
                    return null;
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            _errors.Add($"{path}: {e.Message}");
            return null;
        }
    }

    private static void Merge(JsonObject target, JsonObject source)
    {
        foreach (var (key, value) in source)
        {
            if (value is JsonObject inner && target[key] is JsonObject outer)
            {
                Merge(outer, inner);
            }
            else
            {
                target[key] = value?.DeepClone();
            }
        }
    }

    private void Set(JsonObject target, IReadOnlyList<string> path, string text, string source)
    {
        var document = OptionsSchema.Parse(path, text, source, _errors);
        if (document is not null)
        {
            Merge(target, document);
        }
    }
}
