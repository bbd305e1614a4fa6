using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using CriShim.CriServer.Configuration;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// Requests to one host about one repository (distribution-spec, "Pull"): authorization, redirects, time limits, and failures as
/// <see cref="RegistryException"/>.
/// </summary>
internal sealed class RegistryClient(
    RegistryEndpoint endpoint, string repository, RegistryCredentials? credentials, RegistryHttp http, ImageOptions options, TimeProvider time)
    : IDisposable
{
    private const int MaxRedirects = 5;

    private readonly RegistryAuth _auth = new(endpoint, repository, endpoint.IsOrigin ? credentials : null, http, time);

    public RegistryEndpoint Endpoint => endpoint;

    public void Dispose() => _auth.Dispose();

    /// <summary>GET or HEAD of <c>REPOSITORY/path</c>; returns once the headers of a 2xx answer are there.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, IEnumerable<string> accept, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(options.ResponseTimeoutSeconds));
        try
        {
            return await SendAuthorizedAsync(method, Address(path), accept.ToArray(), limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The handler's own limit on connecting ends in the same exception.
            throw new RegistryException(RegistryFailure.Unavailable, "no answer in time");
        }
        catch (HttpRequestException e)
        {
            throw new RegistryException(RegistryFailure.Unavailable, Describe(e), e);
        }
        catch (IOException e)
        {
            throw new RegistryException(RegistryFailure.Unavailable, e.Message.ToLowerInvariant(), e);
        }
    }

    private async Task<HttpResponseMessage> SendAuthorizedAsync(HttpMethod method, Uri address, string[] accept, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var header = await _auth.CurrentAsync(cancellation);
            var response = await SendFollowingAsync(method, address, accept, header, cancellation);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                if (response.StatusCode != HttpStatusCode.Unauthorized || attempt > 0
                    || !await _auth.AnswerAsync(response, header, cancellation))
                {
                    throw await HttpBodies.ReadErrorAsync(response, cancellation);
                }
            }
        }
    }

    /// <summary>The Authorization header and the host's own headers go to its authority only, never to where it redirects.</summary>
    private async Task<HttpResponseMessage> SendFollowingAsync(
        HttpMethod method, Uri address, string[] accept, AuthenticationHeaderValue? header, CancellationToken cancellation)
    {
        var origin = address;
        for (var hops = 0; ; hops++)
        {
            var isOrigin = address.Scheme == origin.Scheme && address.Authority == origin.Authority;
            using var request = CreateRequest(method, address, accept);
            if (isOrigin)
            {
                request.Headers.Authorization = header;
                foreach (var (name, value) in endpoint.Headers)
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }

            var response = await http.For(isOrigin ? endpoint.Tls : RegistryTls.System).SendAsync(request, cancellation);
            if (!IsRedirect(response.StatusCode) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            address = Next(address, location, hops);
        }
    }

    private static Uri Next(Uri address, Uri location, int hops)
    {
        var next = new Uri(address, location);
        if (hops >= MaxRedirects)
        {
            throw new RegistryException(RegistryFailure.Invalid, $"more than {MaxRedirects} redirects");
        }

        if (next.Scheme != "https" && next.Scheme != address.Scheme)
        {
            throw new RegistryException(RegistryFailure.Invalid, $"redirect from {address.Scheme} to {next.Scheme} is refused");
        }

        return next;
    }

    private static HttpRequestMessage CreateRequest(HttpMethod method, Uri address, string[] accept)
    {
        var request = new HttpRequestMessage(method, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.TryAddWithoutValidation("User-Agent", "crishim");
        foreach (var type in accept)
        {
            request.Headers.TryAddWithoutValidation("Accept", type);
        }

        return request;
    }

    private Uri Address(string path)
    {
        var query = endpoint.MirroredHost is { } host ? "?ns=" + Uri.EscapeDataString(host) : "";
        return new Uri($"{endpoint.BaseAddress}/{repository}/{path}{query}");
    }

    private static bool IsRedirect(HttpStatusCode status) =>
        status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private static string Describe(HttpRequestException e) => e switch
    {
        { InnerException: AuthenticationException inner } => "tls: " + (inner.InnerException ?? inner).Message.ToLowerInvariant(),
        { InnerException: System.Net.Sockets.SocketException inner } => inner.Message.ToLowerInvariant(),
        _ => e.Message.TrimEnd('.').ToLowerInvariant(),
    };
}
