using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CriShim.Api.V1;
using CriShim.CriServer.Commands.Parsing;
using CriShim.CriServer.Images;

namespace CriShim.CriServer.Commands.Images;

/// <summary>Credentials and where they were found, for people.</summary>
internal sealed record FoundCredentials(Credentials Credentials, string Source);

/// <summary>
/// Looks for the credentials of a pull by hand where docker and podman keep them (containers-auth.json(5)). The server has none of its
/// own: those of a pod come from the kubelet with the call.
/// </summary>
internal static class AuthFile
{
    private const string DockerHub = "docker.io";

    private static readonly string[] s_dockerHubKeys = ["https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"];

    /// <summary>Files looked into, the first that is there decides.</summary>
    /// <param name="variable">Reads the environment.</param>
    public static IReadOnlyList<string> DefaultPaths(Func<string, string?> variable)
    {
        var home = variable("HOME") is { Length: > 0 } folder ? folder : "/root";
        string?[] paths =
        [
            variable("REGISTRY_AUTH_FILE"),
            variable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime ? Path.Combine(runtime, "containers/auth.json") : null,
            Path.Combine(variable("XDG_CONFIG_HOME") is { Length: > 0 } config ? config : Path.Combine(home, ".config"), "containers/auth.json"),
            Path.Combine(variable("DOCKER_CONFIG") is { Length: > 0 } docker ? docker : Path.Combine(home, ".docker"), "config.json"),
        ];
        return [.. paths.OfType<string>().Where(path => path.Length > 0)];
    }

    /// <summary>The entry of the longest part of the image's name: its repository, a parent of it, its host. Null when there is none.</summary>
    /// <exception cref="UsageException">A file is not of this form.</exception>
    public static FoundCredentials? Find(ImageReference reference, IEnumerable<string> paths)
    {
        foreach (var path in paths.Where(File.Exists))
        {
            var entries = Read(path);
            foreach (var key in KeysOf(reference).Where(entries.ContainsKey))
            {
                return new FoundCredentials(ToCredentials(entries[key], path), $"{path}, for {key}");
            }
        }

        return null;
    }

    /// <summary>From <c>USER[:PASSWORD]</c>.</summary>
    public static Credentials FromText(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? new Credentials { Username = text } : new Credentials { Username = text[..colon], Password = text[(colon + 1)..] };
    }

    private static IEnumerable<string> KeysOf(ImageReference reference)
    {
        for (var name = reference.Name; ; name = name[..name.LastIndexOf('/')])
        {
            yield return name;
            if (!name.Contains('/', StringComparison.Ordinal))
            {
                break;
            }
        }

        yield return "https://" + reference.Host;
        foreach (var key in reference.Host == DockerHub ? s_dockerHubKeys : [])
        {
            yield return key;
        }
    }

    private static IReadOnlyDictionary<string, AuthEntry> Read(string path)
    {
        try
        {
            var document = JsonSerializer.Deserialize(File.ReadAllBytes(path), AuthFileJsonContext.Default.AuthDocument);
            return document?.Auths ?? new Dictionary<string, AuthEntry>();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"failed to read credentials \"{path}\": {e.Message}");
        }
    }

    private static Credentials ToCredentials(AuthEntry entry, string path)
    {
        try
        {
            var text = entry.Auth is { Length: > 0 } auth ? Encoding.UTF8.GetString(Convert.FromBase64String(auth)).TrimEnd('\0') : "";
            var credentials = text.Length > 0 ? FromText(text) : new Credentials { Username = entry.Username ?? "", Password = entry.Password ?? "" };
            credentials.IdentityToken = entry.IdentityToken ?? "";
            credentials.RegistryToken = entry.RegistryToken ?? "";
            return credentials;
        }
        catch (FormatException e)
        {
            throw new UsageException($"failed to read credentials \"{path}\": {e.Message}");
        }
    }
}

/// <summary>What of docker's config.json is about credentials.</summary>
internal sealed record AuthDocument(IReadOnlyDictionary<string, AuthEntry>? Auths);

/// <summary>One registry's or repository's credentials.</summary>
internal sealed record AuthEntry(string? Auth, string? Username, string? Password, string? IdentityToken, string? RegistryToken);

/// <summary>Source-generated JSON of credential files.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(AuthDocument))]
internal sealed partial class AuthFileJsonContext : JsonSerializerContext;
