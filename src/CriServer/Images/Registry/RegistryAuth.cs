using System.Net.Http.Headers;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// The Authorization header for one repository at one host: found out from the host's challenge, kept until it runs out. Without
/// credentials an anonymous token is asked for. Credentials leave only over TLS, or to a host that itself is spoken to in plain HTTP.
/// </summary>
internal sealed class RegistryAuth : IDisposable
{
    private readonly RegistryCredentials? _credentials;
    private readonly RegistryHttp _http;
    private readonly TimeProvider _time;
    private readonly TokenService _service;
    private readonly string _cacheKey;
    private readonly SemaphoreSlim _asking = new(1, 1);
    private AuthenticationHeaderValue? _header;
    private TokenGrant? _grant;

    public RegistryAuth(
        RegistryEndpoint endpoint, string repository, RegistryCredentials? credentials, RegistryHttp http, TimeProvider time)
    {
        _credentials = credentials;
        _http = http;
        _time = time;
        _service = new TokenService(endpoint, repository, credentials, http, time);
        _cacheKey = TokenCache.Key(endpoint.BaseAddress, repository, credentials);
        if (HasRegistryToken)
        {
            _header = new AuthenticationHeaderValue("Bearer", credentials!.RegistryToken);
        }
        else
        {
            _grant = http.Tokens.Find(_cacheKey);
            _header = _grant?.Header;
        }
    }

    private bool HasRegistryToken => _credentials?.RegistryToken is { Length: > 0 };

    public void Dispose() => _asking.Dispose();

    /// <summary>The header to send now; null as long as the host has not asked for one.</summary>
    public async ValueTask<AuthenticationHeaderValue?> CurrentAsync(CancellationToken cancellation)
    {
        if (_grant is { } grant && _time.GetUtcNow() > grant.Expires)
        {
            await RenewAsync(grant.Challenge, grant.Header, cancellation);
        }

        return _header;
    }

    /// <summary>Answers a 401.</summary>
    /// <param name="rejected">The header that was sent.</param>
    /// <returns>False when there is nothing more to offer.</returns>
    public async Task<bool> AnswerAsync(HttpResponseMessage response, AuthenticationHeaderValue? rejected, CancellationToken cancellation)
    {
        var challenges = response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out var values)
            ? values.SelectMany(AuthChallenge.ParseAll).ToList()
            : [];
        var challenge = challenges.FirstOrDefault(c => c.IsBearer) ?? challenges.FirstOrDefault(c => c.IsBasic);
        if (challenge is null || HasRegistryToken)
        {
            return false;
        }

        return await RenewAsync(challenge, rejected, cancellation);
    }

    private async Task<bool> RenewAsync(AuthChallenge challenge, AuthenticationHeaderValue? rejected, CancellationToken cancellation)
    {
        await _asking.WaitAsync(cancellation);
        try
        {
            if (!ReferenceEquals(_header, rejected))
            {
                return true; // another download has it already
            }

            if (challenge.IsBearer)
            {
                await RenewTokenAsync(challenge, cancellation);
                return true;
            }

            if (_credentials is not { HasBasic: true } || rejected?.Scheme == "Basic")
            {
                return false;
            }

            _header = _service.Basic();
            return true;
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task RenewTokenAsync(AuthChallenge challenge, CancellationToken cancellation)
    {
        _http.Tokens.Remove(_cacheKey);
        _grant = await _service.FetchAsync(challenge, cancellation);
        _header = _grant.Header;
        _http.Tokens.Store(_cacheKey, _grant);
    }
}
