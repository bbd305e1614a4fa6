using System.Globalization;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Networking;

/// <summary>Bandwidth limits of a pod in bits per second, from its annotations; null where there is none.</summary>
internal sealed record BandwidthAnnotations(long? Ingress, long? Egress)
{
    private const string IngressKey = "kubernetes.io/ingress-bandwidth";
    private const string EgressKey = "kubernetes.io/egress-bandwidth";

    /// <summary>Limits of Kubernetes itself: 1k to 1P.</summary>
    private const decimal Minimum = 1_000m;
    private const decimal Maximum = 1_000_000_000_000_000m;

    private static readonly Dictionary<string, decimal> s_suffixes = new()
    {
        [""] = 1m,
        ["k"] = 1e3m,
        ["M"] = 1e6m,
        ["G"] = 1e9m,
        ["T"] = 1e12m,
        ["P"] = 1e15m,
        ["Ki"] = 1024m,
        ["Mi"] = 1048576m,
        ["Gi"] = 1073741824m,
        ["Ti"] = 1099511627776m,
        ["Pi"] = 1125899906842624m,
    };

    /// <summary>Throws InvalidArgument for a value that is no quantity or out of range.</summary>
    public static BandwidthAnnotations Parse(IReadOnlyDictionary<string, string> annotations) =>
        new(Read(annotations, IngressKey), Read(annotations, EgressKey));

    private static long? Read(IReadOnlyDictionary<string, string> annotations, string key)
    {
        if (!annotations.TryGetValue(key, out var text))
        {
            return null;
        }

        var digits = text.Length;
        while (digits > 0 && char.IsAsciiLetter(text[digits - 1]))
        {
            digits--;
        }

        if (!s_suffixes.TryGetValue(text[digits..], out var factor)
            || !decimal.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number > Maximum)
        {
            throw CriException.InvalidArgument($"annotation {key}: \"{text}\" is not a bandwidth like 10M");
        }

        var bits = number * factor;
        return bits is >= Minimum and <= Maximum
            ? (long)bits
            : throw CriException.InvalidArgument($"annotation {key}: \"{text}\" is not between 1k and 1P");
    }
}
