using System.Buffers.Text;
using System.Security.Cryptography;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Streaming.Sessions;

/// <summary>The URLs that were given out: each token is good once and for one minute. Tokens are secrets: they are never logged.</summary>
internal sealed class SessionTokens(int limit, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private const int TokenBytes = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (SessionRequest Request, long Since)> _waiting = new(StringComparer.Ordinal);

    /// <summary>Tokens in the order of their making, used ones too until they have expired.</summary>
    private readonly Queue<(string Token, long Since)> _order = new();

    /// <returns>128 random bits in base64url.</returns>
    /// <exception cref="CriException">ResourceExhausted: too many wait to be used.</exception>
    public string Add(SessionRequest request)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        lock (_gate)
        {
            RemoveExpired();
            if (_waiting.Count >= limit)
            {
                throw new CriException(CriErrorKind.ResourceExhausted, $"failed to give out a streaming url: {limit} wait to be used");
            }

            var now = time.GetTimestamp();
            _waiting.Add(token, (request, now));
            _order.Enqueue((token, now));
            return token;
        }
    }

    /// <summary>Uses a token up.</summary>
    /// <returns>Null when there is none such for this kind of request, or not any more.</returns>
    public SessionRequest? Take(string kind, string token)
    {
        lock (_gate)
        {
            RemoveExpired();
            return _waiting.TryGetValue(token, out var waiting) && waiting.Request.Kind == kind && _waiting.Remove(token) ? waiting.Request : null;
        }
    }

    private void RemoveExpired()
    {
        while (_order.TryPeek(out var oldest) && (time.GetElapsedTime(oldest.Since) >= Lifetime || !_waiting.ContainsKey(oldest.Token)))
        {
            _order.Dequeue();
            _waiting.Remove(oldest.Token);
        }
    }
}
