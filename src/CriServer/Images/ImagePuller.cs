using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Registry;
using CriShim.CriServer.State;
using CriShim.Oci.ImageSpec;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images;

/// <summary>
/// Pulls an image. The work belongs to the image, not to the caller: the same pull asked twice is done once, and one whose caller is gone
/// goes on. Steps: 1 resolve the name, 2 choose the manifest, 3 config, 4 layers side by side, 5 publish.
/// </summary>
internal sealed class ImagePuller(
    ImageStore store, LayerStore layers, LayerFetcher fetcher, LayerSync sync, FolderRemoval removal, RegistryHosts hosts, RegistryHttp http,
    ImageOptions options, TimeProvider time, ILogger<ImagePuller> log) : IAsyncDisposable
{
    // What kubelet tests for (cri-api, pkg/errors) to say ErrImagePull or RegistryUnavailable.
    private const string UnavailablePrefix = "RegistryUnavailable: ";

    private readonly SharedOperations<PullKey, Image> _running = new();
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentPulls, options.MaxConcurrentPulls);
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Credentials are part of what is asked for: nobody gets an image by another's.</summary>
    private readonly record struct PullKey(ImageReference Reference, RegistryCredentials? Credentials);

    /// <summary>Waits for the image as long as the caller's token allows.</summary>
    /// <exception cref="CriException">Unavailable, NotFound and others: every host asked, and its answer.</exception>
    public Task<Image> PullAsync(ImageReference reference, RegistryCredentials? credentials, CancellationToken callerToken) =>
        _running.RunAsync(new PullKey(reference, credentials), () => PullInTurnAsync(reference, credentials), callerToken);

    /// <summary>Ends the pulls in progress.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _closing.Dispose();
        _slots.Dispose();
    }

    private async Task<Image> PullInTurnAsync(ImageReference reference, RegistryCredentials? credentials)
    {
        var cancellation = _closing.Token;
        await _slots.WaitAsync(cancellation);
        try
        {
            var started = time.GetTimestamp();
            using var repository = new RepositoryClient(reference, hosts.Resolve(reference.Host), credentials, http, options, time);
            var image = await PullFromAsync(reference, repository, cancellation);
            ImageLog.Pulled(log, reference.ToString(), image.Id, image.DiffIds.Count, time.GetElapsedTime(started).TotalMilliseconds);
            return image;
        }
        catch (Exception e) when (e is CriException or ContentException or IOException)
        {
            throw Describe(reference, e);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task<Image> PullFromAsync(ImageReference reference, RepositoryClient repository, CancellationToken cancellation)
    {
        // 1, 2
        var target = await repository.ResolveAsync(cancellation);
        var resolver = new ManifestResolver(PlatformOrder.OfThisMachine, descriptor => repository.FetchManifestAsync(descriptor, cancellation));
        var (digest, manifest, documents) = await resolver.ResolveAsync(target);

        // 3
        var configBytes = await repository.FetchBlobAsync(manifest.Config, ingest => ingest.ReadAllAsync(), cancellation);
        var diffIds = VerifiedDiffIds(ManifestReader.ReadConfig(configBytes), manifest);

        layers.Hold(diffIds);
        try
        {
            // 4
            await FetchLayersAsync(manifest, diffIds, repository, cancellation);

            // 5
            var image = store.Add(
                NamesOf(reference, target.Descriptor, digest), new Dictionary<Digest, byte[]>(documents) { [manifest.Config.Digest] = configBytes });
            sync.Request();
            return image;
        }
        finally
        {
            removal.Request(layers.Release(diffIds));
        }
    }

    private static IReadOnlyList<Digest> VerifiedDiffIds(ImageConfig config, ImageManifest manifest)
    {
        var diffIds = config.RootFs.DiffIds ?? [];
        if (diffIds.Count != manifest.Layers.Count)
        {
            throw new ContentException($"manifest has {manifest.Layers.Count} layers, its config {diffIds.Count}");
        }

        _ = ImageUser.Parse(config.Config?.User);
        return diffIds;
    }

    /// <summary>Large ones first: the last to end is then not a large one that began last.</summary>
    private Task FetchLayersAsync(ImageManifest manifest, IReadOnlyList<Digest> diffIds, RepositoryClient repository, CancellationToken cancellation)
    {
        var missing = manifest.Layers.Zip(diffIds).DistinctBy(l => l.Second).Where(l => layers.Find(l.Second) is null).OrderByDescending(l => l.First.Size);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.MaxConcurrentLayers, CancellationToken = cancellation };
        return Parallel.ForEachAsync(
            missing, parallel, async (layer, token) => await fetcher.EnsureAsync(layer.First, layer.Second, repository, token));
    }

    /// <summary>A tag also gives the name with the digest it stood for; a digest gives that name only.</summary>
    private static List<StoredImage> NamesOf(ImageReference reference, Descriptor target, Digest manifest)
    {
        var byDigest = new StoredImage(reference.WithDigest(target.Digest), target, manifest);
        return reference.Digest is null ? [new StoredImage(reference.StoredName, target, manifest), byDigest] : [byDigest];
    }

    private static CriException Describe(ImageReference reference, Exception e)
    {
        var kind = e is CriException known ? known.Kind : CriErrorKind.Unknown;
        var prefix = kind == CriErrorKind.Unavailable ? UnavailablePrefix : "";
        return new CriException(kind, $"{prefix}failed to pull image \"{reference}\": {e.Message}", e);
    }
}
