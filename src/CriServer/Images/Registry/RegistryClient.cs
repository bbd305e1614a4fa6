using System.Net;
using System.Net.Http.Headers;
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
    private const int MaxRedirects = 10;

    private readonly RegistryAuth _auth = new(endpoint, repository, endpoint.IsOrigin ? credentials : null, http, time);

    public RegistryEndpoint Endpoint => endpoint;

    public void Dispose() => _auth.Dispose();

    /// <summary>GET of <c>REPOSITORY/PATH</c>; returns once the headers of a 2xx answer are there.</summary>
    /// <exception cref="RegistryException">There is no such answer.</exception>
    public async Task<HttpResponseMessage> GetAsync(RegistryRequest request, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var header = await _auth.CurrentAsync(cancellation);
            var response = await SendFollowingAsync(request, header, cancellation);
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

    /// <summary>
    /// The Authorization header, the host's own headers and our certificate go to its authority only, never to where it redirects.
    /// </summary>
    private async Task<HttpResponseMessage> SendFollowingAsync(
        RegistryRequest request, AuthenticationHeaderValue? header, CancellationToken cancellation)
    {
        var origin = Address(request.Path);
        var address = origin;
        var visited = new HashSet<Uri>();
        while (true)
        {
            var isOrigin = address.Scheme == origin.Scheme && address.Authority == origin.Authority;
            using var message = CreateMessage(address, request);
            if (isOrigin)
            {
                message.Headers.Authorization = header;
                foreach (var (name, value) in endpoint.Headers)
                {
                    message.Headers.TryAddWithoutValidation(name, value);
                }
            }

            var response = await SendAsync(message, isOrigin, cancellation);
            if (!IsRedirect(response.StatusCode) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            visited.Add(address);
            address = Next(address, location, visited);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, bool isOrigin, CancellationToken cancellation)
    {
        try
        {
            return await http.SendAsync(message, isOrigin ? endpoint.Tls : endpoint.Tls.ForOthers, cancellation);
        }
        catch (RegistryException e) when (!isOrigin)
        {
            throw e.Within($"redirected to {message.RequestUri!.GetLeftPart(UriPartial.Authority)}");
        }
    }

    private Uri Next(Uri address, Uri location, HashSet<Uri> visited)
    {
        var next = new Uri(address, location);
        if (visited.Contains(next))
        {
            throw new RegistryException(RegistryFailure.Invalid, "redirects in a circle");
        }

        if (visited.Count > MaxRedirects)
        {
            throw new RegistryException(RegistryFailure.Invalid, $"more than {MaxRedirects} redirects");
        }

        var isPlain = next.Scheme == "http" && (address.Scheme == "http" || options.AllowPlainRedirects);
        return next.Scheme == "https" || isPlain
            ? next
            : throw new RegistryException(RegistryFailure.Invalid, $"redirect from {address.Scheme} to {next.Scheme} is refused");
    }

    private static HttpRequestMessage CreateMessage(Uri address, RegistryRequest request)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("User-Agent", "crishim");
        message.Headers.Range = request.From > 0 ? new RangeHeaderValue(request.From, null) : null;
        foreach (var type in request.Accept ?? [])
        {
            message.Headers.TryAddWithoutValidation("Accept", type);
        }

        return message;
    }

    private Uri Address(string path)
    {
        var query = endpoint.MirroredHost is { } host ? "?ns=" + Uri.EscapeDataString(host) : "";
        return new Uri($"{endpoint.BaseAddress}/{repository}/{path}{query}");
    }

    private static bool IsRedirect(HttpStatusCode status) =>
        status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
}
