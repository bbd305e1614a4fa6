using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace CriShim.CriServer.Images.Registry;

/// <summary>A bearer token: what it answered and how long it is good.</summary>
internal sealed record TokenGrant(AuthenticationHeaderValue Header, AuthChallenge Challenge, DateTimeOffset Expires);

/// <summary>
/// Tokens by host, repository and credentials, so that the next pull of the repository asks neither for a challenge nor for a token.
/// Credentials themselves are not kept: their hash tells them apart.
/// </summary>
internal sealed class TokenCache(TimeProvider time)
{
    private const int MaxTokens = 256;

    // However long a token is good: what the credentials may do can be taken back.
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, TokenGrant> _grants = new(StringComparer.Ordinal);

    public static string Key(string baseAddress, string repository, RegistryCredentials? credentials) =>
        $"{baseAddress} {repository} {Fingerprint(credentials)}";

    public TokenGrant? Find(string key)
    {
        lock (_gate)
        {
            return _grants.GetValueOrDefault(key) is { } grant && grant.Expires > time.GetUtcNow() ? grant : null;
        }
    }

    public void Store(string key, TokenGrant grant)
    {
        var now = time.GetUtcNow();
        var latest = now + s_longest;
        lock (_gate)
        {
            if (_grants.Count >= MaxTokens)
            {
                RemoveOld(now);
            }

            _grants[key] = grant.Expires < latest ? grant : grant with { Expires = latest };
        }
    }

    public void Remove(string key)
    {
        lock (_gate)
        {
            _grants.Remove(key);
        }
    }

    private void RemoveOld(DateTimeOffset now)
    {
        foreach (var key in _grants.Where(g => g.Value.Expires <= now).Select(g => g.Key).ToList())
        {
            _grants.Remove(key);
        }

        if (_grants.Count >= MaxTokens)
        {
            _grants.Remove(_grants.MinBy(g => g.Value.Expires).Key);
        }
    }

    private static string Fingerprint(RegistryCredentials? credentials)
    {
        if (credentials is null)
        {
            return "";
        }

        var fields = new[] { credentials.Username, credentials.Password, credentials.IdentityToken, credentials.RegistryToken };
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', fields))));
    }
}
