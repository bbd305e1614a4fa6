using System.Net.Http.Headers;
using System.Text.Json;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// The Authorization header for one repository at one host: found out from the host's challenge, kept until it runs out. Without
/// credentials an anonymous token is asked for. Credentials leave only over TLS, or to a host that itself is spoken to in plain HTTP.
/// </summary>
internal sealed class RegistryAuth(
    RegistryEndpoint endpoint, string repository, RegistryCredentials? credentials, RegistryHttp http, TimeProvider time) : IDisposable
{
    private const string ClientId = "crishim";
    private static readonly TimeSpan s_defaultLifetime = TimeSpan.FromSeconds(60); // as the token specification says
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _asking = new(1, 1);
    private AuthenticationHeaderValue? _header = credentials?.RegistryToken is { Length: > 0 } token ? Bearer(token) : null;
    private DateTimeOffset _expires = DateTimeOffset.MaxValue;
    private AuthChallenge? _lastChallenge;

    public void Dispose() => _asking.Dispose();

    /// <summary>The header to send now; null as long as the host has not asked for one.</summary>
    public async ValueTask<AuthenticationHeaderValue?> CurrentAsync(CancellationToken cancellation)
    {
        if (_lastChallenge is { } challenge && time.GetUtcNow() > _expires)
        {
            await RenewAsync(challenge, _header, cancellation);
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
        if (challenge is null || credentials?.RegistryToken is { Length: > 0 })
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
                _header = await FetchTokenAsync(challenge, cancellation);
                _lastChallenge = challenge;
                return true;
            }

            if (credentials is not { HasBasic: true } || rejected?.Scheme == "Basic")
            {
                return false;
            }

            RequireSafe(new Uri(endpoint.BaseAddress));
            _header = new AuthenticationHeaderValue("Basic", credentials.ToBasic());
            return true;
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<AuthenticationHeaderValue> FetchTokenAsync(AuthChallenge challenge, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(challenge["realm"], UriKind.Absolute, out var realm) || realm.Scheme is not ("http" or "https"))
        {
            throw new RegistryException(RegistryFailure.Invalid, "challenge without a valid realm");
        }

        using var request = credentials?.IdentityToken is { Length: > 0 } refresh
            ? RefreshRequest(realm, challenge, refresh)
            : TokenRequest(realm, challenge);
        using var response = await http.For(TlsFor(realm)).SendAsync(request, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            var error = await HttpBodies.ReadErrorAsync(response, cancellation);
            throw new RegistryException(error.Failure, $"token service {realm.Authority}: {error.Message}");
        }

        return ReadToken(await HttpBodies.ReadAsync(response, ContentLimits.MaxTokenBytes, cancellation), realm);
    }

    private HttpRequestMessage TokenRequest(Uri realm, AuthChallenge challenge)
    {
        var query = new List<string>();
        if (realm.Query.Length > 1)
        {
            query.Add(realm.Query[1..]);
        }

        if (challenge["service"] is { } service)
        {
            query.Add("service=" + Uri.EscapeDataString(service));
        }

        query.AddRange(Scope(challenge).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(scope => "scope=" + Uri.EscapeDataString(scope)));
        var request = new HttpRequestMessage(HttpMethod.Get, $"{realm.GetLeftPart(UriPartial.Path)}?{string.Join('&', query)}");
        if (credentials is { HasBasic: true })
        {
            RequireSafe(realm);
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", credentials.ToBasic());
        }

        return request;
    }

    /// <summary>The OAuth 2 form (RFC 6749, section 6), the only one that takes an identity token.</summary>
    private HttpRequestMessage RefreshRequest(Uri realm, AuthChallenge challenge, string refreshToken)
    {
        RequireSafe(realm);
        return new HttpRequestMessage(HttpMethod.Post, realm)
        {
            Content = new FormUrlEncodedContent(
            [
                KeyValuePair.Create("grant_type", "refresh_token"),
                KeyValuePair.Create("service", challenge["service"] ?? ""),
                KeyValuePair.Create("client_id", ClientId),
                KeyValuePair.Create("scope", Scope(challenge)),
                KeyValuePair.Create("refresh_token", refreshToken),
            ]),
        };
    }

    private string Scope(AuthChallenge challenge) => challenge["scope"] ?? $"repository:{repository}:pull";

    private AuthenticationHeaderValue ReadToken(byte[] body, Uri realm)
    {
        TokenDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(body, RegistryJsonContext.Default.TokenDocument);
        }
        catch (JsonException e)
        {
            throw new RegistryException(RegistryFailure.Invalid, $"token service {realm.Authority}: answer is not a token", e);
        }

        var token = string.IsNullOrEmpty(document?.Token) ? document?.AccessToken : document.Token;
        if (string.IsNullOrEmpty(token) || token.AsSpan().ContainsAny('\r', '\n'))
        {
            throw new RegistryException(RegistryFailure.Invalid, $"token service {realm.Authority}: answer without a token");
        }

        var lifetime = document!.ExpiresInSeconds is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : s_defaultLifetime;
        _expires = time.GetUtcNow() + (lifetime > s_margin ? lifetime - s_margin : TimeSpan.Zero);
        return Bearer(token);
    }

    private RegistryTls TlsFor(Uri realm) =>
        realm.Authority == new Uri(endpoint.BaseAddress).Authority ? endpoint.Tls : RegistryTls.System;

    /// <summary>Credentials never travel in the clear to a host that was not configured to be spoken to so.</summary>
    private void RequireSafe(Uri target)
    {
        var registry = new Uri(endpoint.BaseAddress);
        var plainByConfiguration = registry.Scheme == "http" && target.Host == registry.Host;
        if (target.Scheme != "https" && !plainByConfiguration && !RegistryHosts.IsLoopback(target.Authority))
        {
            throw new RegistryException(RegistryFailure.Denied, $"credentials are not sent to {target.Authority} without TLS");
        }
    }

    private static AuthenticationHeaderValue Bearer(string token) => new("Bearer", token);
}
