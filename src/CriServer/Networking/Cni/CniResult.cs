using System.Net;
using System.Text.Json;

namespace CriShim.CriServer.Networking.Cni;

/// <summary>Reads addresses from what an ADD printed, in the shapes of all versions of the specification.</summary>
internal static class CniResult
{
    /// <summary>
    /// The pod's addresses in the order of the result, without prefix lengths. Where the result tells which interface an address is on,
    /// only those of <paramref name="interfaceName"/> inside the pod count. Throws <see cref="CniException"/> when there is none.
    /// </summary>
    public static IReadOnlyList<string> Addresses(JsonElement result, string interfaceName)
    {
        var found = result.ValueKind == JsonValueKind.Object && result.TryGetProperty("ips", out var ips) && ips.ValueKind == JsonValueKind.Array
            ? ips.EnumerateArray().Where(ip => IsOn(result, ip, interfaceName)).Select(ip => Text(ip, "address"))
            : Legacy(result);
        var addresses = found.Select(ToAddress).OfType<string>().Distinct().ToList();
        return addresses.Count > 0
            ? addresses
            : throw new CniException($"result has no address of interface {interfaceName}");
    }

    /// <summary>Puts the first address of the preferred family first (<c>ipv4</c>, <c>ipv6</c>; anything else keeps the order).</summary>
    public static IReadOnlyList<string> Prefer(IReadOnlyList<string> addresses, string preference) => preference switch
    {
        "ipv4" => [.. addresses.OrderBy(address => address.Contains(':'))],
        "ipv6" => [.. addresses.OrderByDescending(address => address.Contains(':'))],
        _ => addresses,
    };

    /// <summary>Versions before 0.3.0: one object a family.</summary>
    private static IEnumerable<string> Legacy(JsonElement result)
    {
        foreach (var family in (string[])["ip4", "ip6"])
        {
            if (result.ValueKind == JsonValueKind.Object && result.TryGetProperty(family, out var config))
            {
                yield return Text(config, "ip");
            }
        }
    }

    private static bool IsOn(JsonElement result, JsonElement ip, string interfaceName)
    {
        if (ip.ValueKind != JsonValueKind.Object
            || !ip.TryGetProperty("interface", out var reference)
            || reference.ValueKind != JsonValueKind.Number
            || !reference.TryGetInt32(out var index)
            || index < 0
            || !result.TryGetProperty("interfaces", out var interfaces)
            || interfaces.ValueKind != JsonValueKind.Array
            || index >= interfaces.GetArrayLength())
        {
            return true;
        }

        var link = interfaces[index];
        return Text(link, "name") == interfaceName && Text(link, "sandbox").Length > 0;
    }

    private static string? ToAddress(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address) ? address.ToString() : null;
    }

    private static string Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
