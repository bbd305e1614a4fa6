using System.Net;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.Oci.ImageSpec;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images.Registry;

/// <summary>A manifest or index as a registry gave it.</summary>
internal sealed record FetchedManifest(Descriptor Descriptor, byte[] Bytes);

/// <summary>
/// One repository as one pull sees it: each request goes to the hosts in order until one gives right content. When none does, the error
/// names every host and its answer.
/// </summary>
internal sealed class RepositoryClient : IBlobSource, IDisposable
{
    private readonly ImageReference _reference;
    private readonly ImageOptions _options;
    private readonly RegistryHttp _http;
    private readonly TimeProvider _time;
    private readonly PullProgress? _progress;
    private readonly RetryPolicy _retry;
    private readonly HostSequence _hosts;

    /// <param name="progress">Told how far the layers are that it knows; null: nobody watches.</param>
    public RepositoryClient(
        ImageReference reference, IReadOnlyList<RegistryEndpoint> endpoints, RegistryCredentials? credentials, RegistryHttp http,
        ImageOptions options, TimeProvider time, ILogger log, PullProgress? progress = null)
    {
        _reference = reference;
        _options = options;
        _http = http;
        _time = time;
        _progress = progress;
        _retry = new RetryPolicy(options, time, log);
        var clients = endpoints.Select(e => new RegistryClient(e, reference.Repository, credentials, http, options, time));
        _hosts = new HostSequence(reference.Host, [.. clients], http.Health, _retry);
    }

    public void Dispose() => _hosts.Dispose();

    /// <summary>What the reference's digest, else its tag, stands for.</summary>
    /// <exception cref="CriException">No host has it; Unavailable when the last one did not answer.</exception>
    public Task<FetchedManifest> ResolveAsync(CancellationToken cancellation) => _reference.Digest is { } digest
        ? _hosts.TryAsync(e => e.CanPull, host => FetchAsync(host, $"manifests/{digest}", digest, null, cancellation), cancellation)
        : _hosts.TryAsync(e => e.CanResolve, host => FetchAsync(host, $"manifests/{_reference.Tag}", null, null, cancellation), cancellation);

    /// <summary>The manifest that an index lists.</summary>
    /// <inheritdoc cref="ResolveAsync"/>
    public Task<FetchedManifest> FetchManifestAsync(Descriptor listed, CancellationToken cancellation) => _hosts.TryAsync(
        e => e.CanPull, host => FetchAsync(host, $"manifests/{listed.Digest}", listed.Digest, listed, cancellation), cancellation);

    /// <summary>What a tag stands for, other than the reference's own: as signatures have it.</summary>
    /// <returns>Null where the repository has no such tag.</returns>
    /// <inheritdoc cref="ResolveAsync"/>
    public Task<FetchedManifest?> FindTagAsync(string tag, CancellationToken cancellation) => FindAsync($"manifests/{tag}", cancellation);

    /// <summary>
    /// The index of what refers to a manifest (distribution-spec, "Listing Referrers"); where a registry has no such list, what the tag
    /// that stands in for it says.
    /// </summary>
    /// <returns>Null where there is neither.</returns>
    /// <inheritdoc cref="ResolveAsync"/>
    public async Task<ImageIndex?> FindReferrersAsync(Digest subject, CancellationToken cancellation)
    {
        var index = await FindAsync($"referrers/{subject}", cancellation)
            ?? await FindTagAsync($"{subject.Algorithm}-{subject.Hex}", cancellation);
        return index is null ? null : ManifestReader.Read(index.Bytes, index.Descriptor.MediaType).Index;
    }

    /// <summary>A small blob, verified.</summary>
    /// <exception cref="ContentException">It is larger than <paramref name="maxBytes"/>.</exception>
    /// <inheritdoc cref="ResolveAsync"/>
    public Task<byte[]> FetchSmallBlobAsync(Descriptor descriptor, int maxBytes, CancellationToken cancellation) => descriptor.Size <= maxBytes
        ? FetchBlobAsync(descriptor, ingest => ingest.ReadAllAsync(), cancellation)
        : throw new ContentException($"content {descriptor.Digest} has size {descriptor.Size}; the limit is {maxBytes}");

    /// <summary>
    /// Downloads a blob through <paramref name="consume"/>, which must read it to its end; it is called again when a host's content is wrong
    /// and another host may have it right.
    /// </summary>
    /// <inheritdoc cref="ResolveAsync"/>
    public Task<T> FetchBlobAsync<T>(Descriptor descriptor, Func<BlobIngest, Task<T>> consume, CancellationToken cancellation) => _hosts.TryAsync(
        e => e.CanPull,
        async host =>
        {
            await using var download = new BlobDownload(host, descriptor, _retry, _options, _time, cancellation);
            await download.OpenAsync();
            var progress = _progress?.Find(descriptor.Digest);
            using var ingest = new BlobIngest(download, descriptor, cancellation, received => progress?.Report(received));
            return await consume(ingest);
        },
        cancellation);

    private async Task<FetchedManifest?> FindAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await _hosts.TryAsync(e => e.CanResolve, host => FetchAsync(host, path, null, null, cancellation), cancellation);
        }
        catch (CriException e) when (e.Kind == CriErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <param name="expected">Null for a name whose digest only the host knows.</param>
    /// <param name="listed">What an index says of it; null: it is in none.</param>
    private async Task<FetchedManifest> FetchAsync(
        RegistryClient host, string path, Digest? expected, Descriptor? listed, CancellationToken cancellation)
    {
        using var response = await host.GetAsync(new RegistryRequest(path, ManifestReader.Accepted), cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new RegistryException(RegistryFailure.Invalid, $"unexpected status {(int)response.StatusCode}");
        }

        var bytes = await HttpBodies.ReadAsync(response, ContentLimits.MaxManifestBytes, _http.BodyLimit, cancellation);
        var told = response.Headers.TryGetValues("Docker-Content-Digest", out var values) && Digest.TryParse(values.First(), out var header)
            ? header
            : (Digest?)null;
        var wanted = expected ?? told;
        var actual = BlobIngest.DigestOf(bytes, wanted);
        if (wanted is not null && actual != wanted)
        {
            throw new ContentException($"manifest has digest {actual}, expected {wanted}");
        }

        if (listed is not null && listed.Size != bytes.Length)
        {
            throw new ContentException($"manifest {actual} has {bytes.Length} bytes, expected {listed.Size}");
        }

        var type = listed?.MediaType ?? TypeOf(response);
        return new FetchedManifest(new Descriptor { MediaType = type, Digest = actual, Size = bytes.Length }, bytes);
    }

    /// <summary>Null where the type says nothing, as from servers of static files: then the document's own counts.</summary>
    private static string? TypeOf(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType is { } type
        && type is not ("application/json" or "application/octet-stream" or "binary/octet-stream" or "text/plain")
            ? type
            : null;
}
