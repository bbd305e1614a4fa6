using CriShim.CriServer.Images.Toml;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// The contents of a <c>hosts.toml</c> (containerd, docs/hosts.md): <c>server</c> with its own settings at the top, then a table
/// <c>[host."URL"]</c> per mirror: capabilities, ca, client, skip_verify, header, override_path, dial_timeout.
/// </summary>
internal static class HostsFile
{
    private const string ApiVersionPath = "/v2";

    /// <param name="folder">Relative paths of certificates start here.</param>
    /// <exception cref="FormatException">A key or value that is not known: what it asks for would silently not happen.</exception>
    public static IReadOnlyList<RegistryEndpoint> Read(TomlTable document, string host, string folder)
    {
        var endpoints = new List<RegistryEndpoint>();
        foreach (var (key, value) in document.Entries.Where(e => e.Key == "host").SelectMany(e => Table(e.Value, "host").Entries))
        {
            endpoints.Add(ReadEndpoint(Table(value, key), key, host, folder));
        }

        var server = document["server"] is { } address ? Text(address, "server") : $"https://{RegistryHosts.ApiHost(host)}";
        endpoints.Add(ReadEndpoint(document, server, host, folder));
        return endpoints;
    }

    private static RegistryEndpoint ReadEndpoint(TomlTable table, string address, string host, string folder)
    {
        var overridePath = false;
        var capabilities = new List<string>();
        var headers = new List<KeyValuePair<string, string>>();
        var tls = RegistryTls.System;
        foreach (var (key, value) in table.Entries)
        {
            switch (key)
            {
                case "capabilities": capabilities = Capabilities(value, key); break;
                case "override_path": overridePath = Flag(value, key); break;
                case "skip_verify": tls = tls with { SkipVerify = Flag(value, key) }; break;
                case "ca": tls = tls with { CaFiles = RegistryTls.Join(Texts(value, key).Select(f => Path.Combine(folder, f))) }; break;
                case "client": tls = tls with { ClientFiles = RegistryTls.Join(ClientFiles(value, folder)) }; break;
                case "header": headers = ReadHeaders(Table(value, key)); break;
                case "dial_timeout": tls = tls with { ConnectTimeout = GoDuration.Parse(Text(value, key)) }; break;
                case "server" or "host": break;
                default: throw new FormatException($"unknown key \"{key}\" of \"{address}\"");
            }
        }

        var uri = ParseAddress(address);
        var isOrigin = IsOrigin(uri, host);
        return new RegistryEndpoint
        {
            BaseAddress = BaseAddress(uri, overridePath),
            Tls = tls,
            CanPull = capabilities.Count == 0 || capabilities.Contains("pull"),
            CanResolve = capabilities.Count == 0 || capabilities.Contains("resolve"),
            IsOrigin = isOrigin,
            MirroredHost = isOrigin ? null : host,
            Headers = headers,
        };
    }

    /// <summary>By authority, not by place in the file: credentials for a host go to that host wherever it is named.</summary>
    private static bool IsOrigin(Uri uri, string host)
    {
        var api = new Uri($"{uri.Scheme}://{RegistryHosts.ApiHost(host)}");
        return string.Equals(uri.Authority, api.Authority, StringComparison.OrdinalIgnoreCase);
    }

    private static Uri ParseAddress(string address)
    {
        var text = address.Contains("://", StringComparison.Ordinal) ? address : "https://" + address;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo == "" && uri.Query == ""
            ? uri
            : throw new FormatException($"invalid host \"{address}\"");
    }

    private static string BaseAddress(Uri uri, bool overridePath)
    {
        var address = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return overridePath || address.EndsWith(ApiVersionPath, StringComparison.Ordinal) ? address : address + ApiVersionPath;
    }

    private static List<string> Capabilities(object value, string key)
    {
        var names = Texts(value, key).ConvertAll(name => name.ToLowerInvariant());
        return names.Find(n => n is not ("pull" or "resolve" or "push" or "referrers")) is { } unknown
            ? throw new FormatException($"unknown capability \"{unknown}\"")
            : names;
    }

    /// <summary>A file with certificate and key, a list of such files, or a list of pairs [certificate, key].</summary>
    private static IEnumerable<string> ClientFiles(object value, string folder)
    {
        foreach (var item in value is List<object> list ? list : [value])
        {
            var files = Texts(item, "client");
            if (files.Count == 0 || files.Count > 2 || files[0].Length == 0 || (item is List<object> && files.Count != 2))
            {
                throw new FormatException("invalid value of \"client\": expected files, or pairs of files");
            }

            yield return Path.Combine(folder, files[0]);
            yield return Path.Combine(folder, files[^1].Length > 0 ? files[^1] : files[0]);
        }
    }

    private static List<KeyValuePair<string, string>> ReadHeaders(TomlTable table) =>
        [.. table.Entries.SelectMany(e => Texts(e.Value, "header"), (e, text) => KeyValuePair.Create(e.Key, text))];

    private static TomlTable Table(object value, string key) => value as TomlTable ?? throw Wrong(key, "a table");

    private static bool Flag(object value, string key) => value as bool? ?? throw Wrong(key, "true or false");

    private static string Text(object value, string key) => value as string ?? throw Wrong(key, "a string");

    private static List<string> Texts(object value, string key) =>
        value is List<object> list ? list.ConvertAll(item => Text(item, key)) : [Text(value, key)];

    private static FormatException Wrong(string key, string expected) => new($"invalid value of \"{key}\": expected {expected}");
}
