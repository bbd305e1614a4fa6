using System.Net;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Toml;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// Which hosts to ask for a registry's content, in order: the mirrors of its <c>hosts.toml</c>, then the registry. Where its folder has no
/// such file, certificates named as docker names them are for the registry. Without a folder the registry alone: over TLS, but on loopback
/// plain HTTP first. Files are read at each call, so that a change needs no restart.
/// </summary>
internal sealed class RegistryHosts(ImageOptions options)
{
    private const string FileName = "hosts.toml";
    private const string DefaultFolder = "_default";

    /// <exception cref="CriException">FailedPrecondition: the host's file cannot be read or is wrong.</exception>
    public RegistryPlan Plan(string host)
    {
        if (FindFolder(host) is not { } folder)
        {
            return new RegistryPlan(host, null, DefaultEndpoints(host, RegistryTls.System));
        }

        var path = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(path) && File.ReadAllText(path) is { Length: > 0 } text
                ? new RegistryPlan(host, path, HostsFile.Read(TomlReader.Parse(text), host, folder))
                : new RegistryPlan(host, folder, DefaultEndpoints(host, ReadCertificateFolder(folder)));
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to read registry hosts \"{path}\": {e.Message}", e);
        }
    }

    /// <summary>True for localhost, 127.0.0.0/8 and ::1, with or without a port.</summary>
    public static bool IsLoopback(string host)
    {
        var name = new Uri("http://" + host).DnsSafeHost;
        return name == "localhost" || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address));
    }

    /// <summary>Docker Hub's registry does not live at the host its names carry.</summary>
    public static string ApiHost(string host) => host == "docker.io" ? "registry-1.docker.io" : host;

    private static IReadOnlyList<RegistryEndpoint> DefaultEndpoints(string host, RegistryTls tls)
    {
        var secure = new RegistryEndpoint { BaseAddress = $"https://{ApiHost(host)}/v2", Tls = tls, IsOrigin = true };
        return IsLoopback(host) && tls == RegistryTls.System
            ? [secure with { BaseAddress = $"http://{host}/v2" }, secure with { IsTlsFallback = true }]
            : [secure];
    }

    /// <summary>Authorities end in .crt, our certificates in .cert with the key of the same name in .key.</summary>
    private static RegistryTls ReadCertificateFolder(string folder)
    {
        var files = Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).ToList();
        var authorities = files.Where(f => Path.GetExtension(f) == ".crt");
        var clients = files.Where(f => Path.GetExtension(f) == ".cert")
            .SelectMany(f => new[] { f, files.Find(key => key == Path.ChangeExtension(f, ".key")) ?? f });
        return RegistryTls.System with { CaFiles = RegistryTls.Join(authorities), ClientFiles = RegistryTls.Join(clients) };
    }

    private string? FindFolder(string host)
    {
        // A colon is not welcome in every path list, so containerd also knows HOST_PORT_.
        var colon = host.LastIndexOf(':');
        var names = colon > 0 && !host.EndsWith(']')
            ? new[] { $"{host[..colon]}_{host[(colon + 1)..]}_", host, DefaultFolder }
            : [host, DefaultFolder];
        return options.RegistryConfigFolders
            .SelectMany(folder => names, (folder, name) => Path.Combine(folder, name))
            .FirstOrDefault(Directory.Exists);
    }
}
