using System.Net;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Toml;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// Which hosts to ask for a registry's content, in order: the mirrors of its <c>hosts.toml</c>, then the registry. Without a file the
/// registry alone: over TLS, but on loopback plain HTTP first. Files are read at each call, so that a change needs no restart.
/// </summary>
internal sealed class RegistryHosts(ImageOptions options)
{
    private const string FileName = "hosts.toml";
    private const string DefaultFolder = "_default";

    /// <exception cref="CriException">FailedPrecondition: the host's file cannot be read or is wrong.</exception>
    public RegistryPlan Plan(string host)
    {
        if (FindFile(host) is not { } path)
        {
            return new RegistryPlan(host, null, DefaultEndpoints(host));
        }

        try
        {
            return new RegistryPlan(host, path, HostsFile.Read(TomlReader.Parse(File.ReadAllText(path)), host, Path.GetDirectoryName(path)!));
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

    private static IReadOnlyList<RegistryEndpoint> DefaultEndpoints(string host)
    {
        var secure = Origin($"https://{ApiHost(host)}/v2");
        return IsLoopback(host) ? [Origin($"http://{host}/v2"), secure with { IsTlsFallback = true }] : [secure];
    }

    private static RegistryEndpoint Origin(string address) => new() { BaseAddress = address, Tls = RegistryTls.System, IsOrigin = true };

    private string? FindFile(string host)
    {
        // A colon is not welcome in every path list, so containerd also knows HOST_PORT_.
        var names = host.Contains(':', StringComparison.Ordinal)
            ? new[] { host.Replace(':', '_') + "_", host, DefaultFolder }
            : [host, DefaultFolder];
        return options.RegistryConfigFolders
            .SelectMany(folder => names, (folder, name) => Path.Combine(folder, name, FileName))
            .FirstOrDefault(File.Exists);
    }
}
