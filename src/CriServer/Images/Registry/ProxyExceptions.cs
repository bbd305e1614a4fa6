using System.Globalization;
using System.Net;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// NO_PROXY: names (<c>example.com</c> with all below it, <c>.example.com</c> or <c>*.example.com</c> only what is below), addresses and
/// networks (<c>10.0.0.0/8</c>), names and addresses with a port of theirs or without, or <c>*</c> for everything.
/// </summary>
internal sealed class ProxyExceptions
{
    private readonly List<Func<string, IPAddress?, int, bool>> _rules = [];

    public ProxyExceptions(string list)
    {
        foreach (var item in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            _rules.Add(Rule(item.ToLowerInvariant()));
        }
    }

    public bool Contain(string host, int port)
    {
        var name = host.TrimEnd('.').ToLowerInvariant();
        var address = IPAddress.TryParse(name.Trim('[', ']'), out var parsed) ? parsed : null;
        return _rules.Exists(rule => rule(name, address, port));
    }

    private static Func<string, IPAddress?, int, bool> Rule(string item)
    {
        if (item == "*")
        {
            return (_, _, _) => true;
        }

        if (IPNetwork.TryParse(item, out var network))
        {
            return (_, address, _) => address is not null && network.Contains(address);
        }

        var (host, only) = SplitPort(item);
        if (IPAddress.TryParse(host.Trim('[', ']'), out var wanted))
        {
            return (_, address, port) => wanted.Equals(address) && (only is null || only == port);
        }

        host = host.StartsWith("*.", StringComparison.Ordinal) ? host[1..] : host;
        var below = host.StartsWith('.') ? host : "." + host;
        var itself = host.StartsWith('.') ? null : host;
        return (name, address, port) => address is null && (only is null || only == port)
            && (name == itself || name.EndsWith(below, StringComparison.Ordinal));
    }

    /// <summary>A second colon means an IPv6 address, unless that is in brackets.</summary>
    private static (string Host, int? Port) SplitPort(string item)
    {
        var colon = item.LastIndexOf(':');
        var hasPort = colon > 0 && (item.IndexOf(':', StringComparison.Ordinal) == colon || item[colon - 1] == ']');
        return hasPort && int.TryParse(item.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (item[..colon], port)
            : (item, null);
    }
}
