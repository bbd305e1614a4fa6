namespace CriShim.CriServer.Images.Registry;

/// <summary>One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1): a scheme and its parameters, names in lower case.</summary>
internal sealed record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    public string? this[string name] => Parameters.GetValueOrDefault(name);

    public bool IsBearer => string.Equals(Scheme, "Bearer", StringComparison.OrdinalIgnoreCase);

    public bool IsBasic => string.Equals(Scheme, "Basic", StringComparison.OrdinalIgnoreCase);

    /// <summary>The challenges of one header value; what cannot be read ends the list.</summary>
    public static IReadOnlyList<AuthChallenge> ParseAll(string header)
    {
        var challenges = new List<AuthChallenge>();
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = header.AsSpan();
        while (TryTakeToken(ref rest) is { } token)
        {
            if (TryTake(ref rest, '='))
            {
                if (challenges.Count == 0 || TakeValue(ref rest) is not { } value)
                {
                    break;
                }

                parameters.TryAdd(token.ToLowerInvariant(), value);
            }
            else
            {
                parameters = new Dictionary<string, string>(StringComparer.Ordinal);
                challenges.Add(new AuthChallenge(token, parameters));
            }

            TryTake(ref rest, ',');
        }

        return challenges;
    }

    private static string? TryTakeToken(ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" \t,");
        var length = rest.IndexOfAny(" \t,=\"");
        length = length < 0 ? rest.Length : length;
        var token = rest[..length].ToString();
        rest = rest[length..].TrimStart();
        return length == 0 ? null : token;
    }

    private static bool TryTake(ref ReadOnlySpan<char> rest, char c)
    {
        if (rest.IsEmpty || rest[0] != c)
        {
            return false;
        }

        rest = rest[1..].TrimStart();
        return true;
    }

    private static string? TakeValue(ref ReadOnlySpan<char> rest)
    {
        if (!TryTake(ref rest, '"'))
        {
            return TryTakeToken(ref rest);
        }

        var value = new List<char>();
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '"')
            {
                rest = rest[(i + 1)..].TrimStart();
                return new string([.. value]);
            }

            i += rest[i] == '\\' && i + 1 < rest.Length ? 1 : 0;
            value.Add(rest[i]);
        }

        return null;
    }
}
