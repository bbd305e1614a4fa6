using System.Net;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// The proxies that HTTP_PROXY and HTTPS_PROXY name (or their lower-case forms), unless NO_PROXY lists the host. As Go's programs read
/// them, so that one set of variables does for the whole node.
/// </summary>
/// <param name="variable">The value of an environment variable; null or empty: not set.</param>
internal sealed class EnvironmentProxy(Func<string, string?> variable) : IWebProxy
{
    private readonly Uri? _http = ParseProxy(Value(variable, "HTTP_PROXY"));
    private readonly Uri? _https = ParseProxy(Value(variable, "HTTPS_PROXY"));
    private readonly ProxyExceptions _exceptions = new(Value(variable, "NO_PROXY") ?? "");

    public static EnvironmentProxy Instance { get; } = new(Environment.GetEnvironmentVariable);

    /// <summary>The user and password of the proxy's own address.</summary>
    public ICredentials? Credentials
    {
        get => new ProxyCredentials();
        set => throw new NotSupportedException();
    }

    /// <summary>Null: no proxy.</summary>
    public Uri? GetProxy(Uri destination) =>
        IsBypassed(destination) ? null : destination.Scheme == Uri.UriSchemeHttps ? _https : _http;

    /// <summary>Loopback is never asked through a proxy.</summary>
    public bool IsBypassed(Uri host) => RegistryHosts.IsLoopback(host.Authority) || _exceptions.Contain(host.IdnHost, host.Port);

    private static string? Value(Func<string, string?> variable, string name) =>
        variable(name) is { Length: > 0 } upper ? upper : variable(name.ToLowerInvariant()) is { Length: > 0 } lower ? lower : null;

    /// <summary>An address without a scheme is an HTTP proxy's; what is no address is no proxy.</summary>
    private static Uri? ParseProxy(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https" or "socks5" or "socks5h"
            ? WithKnownScheme(uri)
            : null;
    }

    /// <summary>.NET's socks5 lets the proxy resolve names, which others call socks5h.</summary>
    private static Uri WithKnownScheme(Uri uri) => uri.Scheme == "socks5h" ? new UriBuilder(uri) { Scheme = "socks5" }.Uri : uri;

    private sealed class ProxyCredentials : ICredentials
    {
        public NetworkCredential? GetCredential(Uri uri, string authType)
        {
            var parts = uri.UserInfo.Split(':', 2);
            return uri.UserInfo.Length == 0
                ? null
                : new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        }
    }
}
