using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.Oci.ImageSpec;

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
    private readonly PullProgress? _progress;
    private readonly IReadOnlyList<RegistryClient> _hosts;

    // Hosts that did not answer once: asked last, so that a dead mirror costs its time limit once per pull and not per layer.
    private readonly HashSet<RegistryClient> _unavailable = [];

    /// <param name="progress">Told how far the layers are that it knows; null: nobody watches.</param>
    public RepositoryClient(
        ImageReference reference, IReadOnlyList<RegistryEndpoint> endpoints, RegistryCredentials? credentials, RegistryHttp http,
        ImageOptions options, TimeProvider time, PullProgress? progress = null)
    {
        _progress = progress;
        _reference = reference;
        _options = options;
        _hosts = [.. endpoints.Select(e => new RegistryClient(e, reference.Repository, credentials, http, options, time))];
    }

    public void Dispose()
    {
        foreach (var host in _hosts)
        {
            host.Dispose();
        }
    }

    /// <summary>What the reference's digest, else its tag, stands for.</summary>
    /// <exception cref="CriException">No host has it; Unavailable when the last one did not answer.</exception>
    public Task<FetchedManifest> ResolveAsync(CancellationToken cancellation) => _reference.Digest is { } digest
        ? TryHostsAsync(e => e.CanPull, host => FetchManifestAsync(host, digest.ToString(), digest, null, cancellation))
        : TryHostsAsync(e => e.CanResolve, host => FetchManifestAsync(host, _reference.Tag!, null, null, cancellation));

    /// <summary>The manifest that an index lists.</summary>
    /// <inheritdoc cref="ResolveAsync"/>
    public Task<FetchedManifest> FetchManifestAsync(Descriptor descriptor, CancellationToken cancellation) =>
        TryHostsAsync(e => e.CanPull, host => FetchManifestAsync(host, descriptor.Digest.ToString(), descriptor.Digest, descriptor, cancellation));

    /// <summary>What a tag stands for, other than the reference's own: as signatures have it.</summary>
    /// <returns>Null where the repository has no such tag.</returns>
    /// <inheritdoc cref="ResolveAsync"/>
    public async Task<FetchedManifest?> FindTagAsync(string tag, CancellationToken cancellation)
    {
        try
        {
            return await TryHostsAsync(e => e.CanResolve, host => FetchManifestAsync(host, tag, null, null, cancellation));
        }
        catch (CriException e) when (e.Kind == CriErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// The index of what refers to a manifest (distribution-spec, "Listing Referrers"); where a registry has no such list, what the tag
    /// that stands in for it says.
    /// </summary>
    /// <returns>Null where there is neither.</returns>
    /// <inheritdoc cref="ResolveAsync"/>
    public async Task<ImageIndex?> FindReferrersAsync(Digest subject, CancellationToken cancellation)
    {
        FetchedManifest? index;
        try
        {
            index = await TryHostsAsync(e => e.CanResolve, host => FetchManifestFromAsync(host, $"referrers/{subject}", null, null, cancellation));
        }
        catch (CriException e) when (e.Kind == CriErrorKind.NotFound)
        {
            index = await FindTagAsync($"{subject.Algorithm}-{subject.Hex}", cancellation);
        }

        return index is null ? null : ManifestReader.Read(index.Bytes, index.Descriptor.MediaType).Index;
    }

    /// <summary>A small blob, verified.</summary>
    /// <inheritdoc cref="ResolveAsync"/>
    public Task<byte[]> FetchSmallBlobAsync(Descriptor descriptor, int maxBytes, CancellationToken cancellation) => descriptor.Size <= maxBytes
        ? FetchBlobAsync(descriptor, ingest => ingest.ReadAllAsync(), cancellation)
        : throw new ContentException($"content {descriptor.Digest} has size {descriptor.Size}; the limit is {maxBytes}");

    /// <summary>Downloads a blob through <paramref name="consume"/>, which must read it to its end.</summary>
    /// <inheritdoc cref="ResolveAsync"/>
    public Task<T> FetchBlobAsync<T>(Descriptor descriptor, Func<BlobIngest, Task<T>> consume, CancellationToken cancellation) =>
        TryHostsAsync(e => e.CanPull, async host =>
        {
            using var response = await host.SendAsync(HttpMethod.Get, $"blobs/{descriptor.Digest}", [], cancellation);
            if (response.Content.Headers.ContentLength is { } length && length != descriptor.Size)
            {
                throw new ContentException($"content {descriptor.Digest} has {length} bytes, expected {descriptor.Size}");
            }

            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            var progress = _progress?.Find(descriptor.Digest);
            using var ingest = new BlobIngest(
                body, descriptor, TimeSpan.FromSeconds(_options.ProgressTimeoutSeconds), cancellation, received => progress?.Report(received));
            return await consume(ingest);
        });

    private Task<FetchedManifest> FetchManifestAsync(
        RegistryClient host, string name, Digest? expected, Descriptor? listed, CancellationToken cancellation) =>
        FetchManifestFromAsync(host, $"manifests/{name}", expected, listed, cancellation);

    private async Task<FetchedManifest> FetchManifestFromAsync(
        RegistryClient host, string path, Digest? expected, Descriptor? listed, CancellationToken cancellation)
    {
        using var response = await host.SendAsync(HttpMethod.Get, path, ManifestReader.Accepted, cancellation);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(_options.ProgressTimeoutSeconds));
        var bytes = await ReadInTimeAsync(response, limit.Token, cancellation);
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

        var type = listed?.MediaType ?? response.Content.Headers.ContentType?.MediaType;
        return new FetchedManifest(new Descriptor { MediaType = type, Digest = actual, Size = bytes.Length }, bytes);
    }

    private static async Task<byte[]> ReadInTimeAsync(HttpResponseMessage response, CancellationToken limit, CancellationToken cancellation)
    {
        try
        {
            return await HttpBodies.ReadAsync(response, ContentLimits.MaxManifestBytes, limit);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RegistryException(RegistryFailure.Unavailable, "manifest did not come in time");
        }
        catch (IOException e)
        {
            throw new RegistryException(RegistryFailure.Unavailable, "connection broke in the manifest", e);
        }
    }

    private async Task<T> TryHostsAsync<T>(Func<RegistryEndpoint, bool> can, Func<RegistryClient, Task<T>> attempt)
    {
        var failures = new List<string>();
        Exception? last = null;
        foreach (var host in InOrder(can))
        {
            if (host.Endpoint.IsTlsFallback && SpokePlainHttp(last))
            {
                continue;
            }

            try
            {
                return await attempt(host);
            }
            catch (Exception e) when (e is RegistryException or ContentException)
            {
                failures.Add($"{host.Endpoint.Origin}: {e.Message}");
                last = e;
                MarkUnavailable(host, e);
            }
        }

        var kind = last is RegistryException registry ? registry.Kind : CriErrorKind.Unknown;
        throw new CriException(
            kind, failures.Count > 0 ? string.Join("; ", failures) : $"no host of {_reference.Host} may be asked for this", last);
    }

    /// <summary>An answer that a registry gives; servers that want TLS drop the connection or answer 400.</summary>
    private static bool SpokePlainHttp(Exception? failure) =>
        failure is ContentException or RegistryException { Failure: not (RegistryFailure.Unavailable or RegistryFailure.NotUnderstood) };

    private List<RegistryClient> InOrder(Func<RegistryEndpoint, bool> can)
    {
        lock (_unavailable)
        {
            return [.. _hosts.Where(h => can(h.Endpoint)).OrderBy(_unavailable.Contains)];
        }
    }

    private void MarkUnavailable(RegistryClient host, Exception e)
    {
        if (e is RegistryException { Failure: RegistryFailure.Unavailable })
        {
            lock (_unavailable)
            {
                _unavailable.Add(host);
            }
        }
    }
}
