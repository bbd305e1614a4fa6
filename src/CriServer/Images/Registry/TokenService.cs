using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// Gets bearer tokens from where a challenge says (distribution, "Token Authentication"): by GET with a password or without, by an OAuth 2
/// POST with an identity token, or with a password where GET is not known.
/// </summary>
internal sealed class TokenService(
    RegistryEndpoint endpoint, string repository, RegistryCredentials? credentials, RegistryHttp http, TimeProvider time)
{
    private const string ClientId = "crishim";
    private static readonly TimeSpan s_defaultLifetime = TimeSpan.FromSeconds(60); // as the token specification says
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(10);

    private readonly Uri _registry = new(endpoint.BaseAddress);

    /// <exception cref="RegistryException">Denied: the credentials are not accepted, or may not be sent there; and others.</exception>
    public async Task<TokenGrant> FetchAsync(AuthChallenge challenge, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(challenge["realm"], UriKind.Absolute, out var realm) || realm.Scheme is not ("http" or "https"))
        {
            throw new RegistryException(RegistryFailure.Invalid, "challenge without a valid realm");
        }

        try
        {
            return await AskAsync(realm, challenge, cancellation);
        }
        catch (RegistryException e)
        {
            throw e.Within($"token service {realm.Authority}");
        }
    }

    /// <summary>The header for hosts that want no token.</summary>
    public AuthenticationHeaderValue Basic()
    {
        RequireSafe(_registry);
        return new AuthenticationHeaderValue("Basic", credentials!.ToBasic());
    }

    private async Task<TokenGrant> AskAsync(Uri realm, AuthChallenge challenge, CancellationToken cancellation)
    {
        if (credentials is not null)
        {
            RequireSafe(realm);
        }

        using var first = await SendAsync(IdentityForm(challenge) is { } form ? Post(realm, form) : Get(realm, challenge), realm, cancellation);
        if (first.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed) || PasswordForm(challenge) is not { } other)
        {
            return await ReadGrantAsync(first, challenge, cancellation);
        }

        using var second = await SendAsync(Post(realm, other), realm, cancellation);
        return await ReadGrantAsync(second, challenge, cancellation);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Uri realm, CancellationToken cancellation)
    {
        using (request)
        {
            return await http.SendAsync(request, realm.Authority == _registry.Authority ? endpoint.Tls : endpoint.Tls.ForOthers, cancellation);
        }
    }

    private HttpRequestMessage Get(Uri realm, AuthChallenge challenge)
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
        request.Headers.TryAddWithoutValidation("User-Agent", ClientId);
        if (credentials is { HasBasic: true })
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", credentials.ToBasic());
        }

        return request;
    }

    private static HttpRequestMessage Post(Uri realm, Dictionary<string, string> form) =>
        new(HttpMethod.Post, realm) { Content = new FormUrlEncodedContent(form) };

    /// <summary>RFC 6749, section 6: the only form that takes an identity token. Null without one.</summary>
    private Dictionary<string, string>? IdentityForm(AuthChallenge challenge) => credentials?.IdentityToken is { Length: > 0 } token
        ? Form(challenge, "refresh_token", ("refresh_token", token))
        : null;

    /// <summary>RFC 6749, section 4.3. Null without a password to send.</summary>
    private Dictionary<string, string>? PasswordForm(AuthChallenge challenge) => credentials is { HasBasic: true, IdentityToken: null or "" }
        ? Form(challenge, "password", ("username", credentials.Username!), ("password", credentials.Password ?? ""))
        : null;

    private Dictionary<string, string> Form(AuthChallenge challenge, string grantType, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = grantType,
            ["service"] = challenge["service"] ?? "",
            ["client_id"] = ClientId,
            ["scope"] = Scope(challenge),
        };
        foreach (var (name, value) in fields)
        {
            form[name] = value;
        }

        return form;
    }

    private string Scope(AuthChallenge challenge) => challenge["scope"] ?? $"repository:{repository}:pull";

    private async Task<TokenGrant> ReadGrantAsync(HttpResponseMessage response, AuthChallenge challenge, CancellationToken cancellation)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw await HttpBodies.ReadErrorAsync(response, cancellation);
        }

        var document = ParseToken(await HttpBodies.ReadAsync(response, ContentLimits.MaxTokenBytes, http.BodyLimit, cancellation));
        var token = string.IsNullOrEmpty(document?.Token) ? document?.AccessToken : document.Token;
        if (string.IsNullOrEmpty(token) || token.AsSpan().ContainsAny('\r', '\n'))
        {
            throw new RegistryException(RegistryFailure.Invalid, "answer without a token");
        }

        var lifetime = document!.ExpiresInSeconds is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : s_defaultLifetime;
        var expires = time.GetUtcNow() + (lifetime > s_margin ? lifetime - s_margin : TimeSpan.Zero);
        return new TokenGrant(new AuthenticationHeaderValue("Bearer", token), challenge, expires);
    }

    private static TokenDocument? ParseToken(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, RegistryJsonContext.Default.TokenDocument);
        }
        catch (JsonException e)
        {
            throw new RegistryException(RegistryFailure.Invalid, "answer is not a token", e);
        }
    }

    /// <summary>Credentials never travel in the clear to a host that was not configured to be spoken to so.</summary>
    private void RequireSafe(Uri target)
    {
        var plainByConfiguration = _registry.Scheme == "http" && target.Host == _registry.Host;
        if (target.Scheme != "https" && !plainByConfiguration && !RegistryHosts.IsLoopback(target.Authority))
        {
            throw new RegistryException(RegistryFailure.Denied, $"credentials are not sent to {target.Authority} without TLS");
        }
    }
}
