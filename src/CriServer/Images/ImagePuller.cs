using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Registry;
using CriShim.Oci.ImageSpec;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images;

/// <summary>
/// Pulls an image. The work belongs to the image, not to the caller (<see cref="RunningPulls"/>). Steps: 1 resolve the name, 2 choose the
/// manifest, 3 config, 4 layers side by side, 5 publish.
/// </summary>
internal sealed class ImagePuller(
    ImageStore store, LayerStore layers, LayerFetcher fetcher, LayerSync sync, FolderRemoval removal, RegistryHosts hosts, RegistryHttp http,
    ImageOptions options, TimeProvider time, ILogger<ImagePuller> log) : IAsyncDisposable
{
    // What kubelet tests for (cri-api, pkg/errors) to say ErrImagePull or RegistryUnavailable.
    private const string UnavailablePrefix = "RegistryUnavailable: ";

    private readonly RunningPulls _running = new(options, time);

    /// <summary>Waits for the image as long as the caller's token allows.</summary>
    /// <exception cref="CriException">Unavailable, NotFound and others: every host asked, and its answer.</exception>
    public Task<Image> PullAsync(ImageReference reference, RegistryCredentials? credentials, CancellationToken callerToken) =>
        Join(reference, credentials).WaitAsync(callerToken);

    /// <summary>The pull of this image, for who wants to watch it too: the caller must call its <see cref="RunningPull.WaitAsync"/>.</summary>
    /// <inheritdoc cref="PullAsync"/>
    public RunningPull Join(ImageReference reference, RegistryCredentials? credentials) =>
        _running.Join(reference, credentials, pull => RunAsync(reference, credentials, pull));

    /// <summary>Ends the pulls in progress.</summary>
    public ValueTask DisposeAsync() => _running.DisposeAsync();

    private async Task<Image> RunAsync(ImageReference reference, RegistryCredentials? credentials, RunningPull pull)
    {
        try
        {
            var started = time.GetTimestamp();
            var plan = hosts.Plan(reference.Host);
            using var repository = new RepositoryClient(reference, plan.Endpoints, credentials, http, options, time, log, pull.Progress);
            var image = await PullFromAsync(reference, repository, pull.Progress, pull.Token);
            ImageLog.Pulled(log, reference.ToString(), image.Id, image.DiffIds.Count, time.GetElapsedTime(started).TotalMilliseconds);
            return image;
        }
        catch (Exception e) when (e is CriException or ContentException or IOException)
        {
            throw Describe(reference, e);
        }
    }

    private async Task<Image> PullFromAsync(
        ImageReference reference, RepositoryClient repository, PullProgress progress, CancellationToken cancellation)
    {
        // 1, 2
        progress.Stage = "resolving the name";
        var documents = new Dictionary<Digest, byte[]>();
        var target = await repository.ResolveAsync(cancellation);
        var (digest, manifest) = await SelectManifestAsync(target, repository, documents, cancellation);

        // 3
        progress.Stage = "fetching the config";
        var configBytes = await repository.FetchBlobAsync(manifest.Config, ingest => ingest.ReadAllAsync(), cancellation);
        documents[manifest.Config.Digest] = configBytes;
        var diffIds = VerifiedDiffIds(ManifestReader.ReadConfig(configBytes), manifest);

        layers.Hold(diffIds);
        try
        {
            // 4
            progress.Stage = "fetching layers";
            progress.Layers = [.. manifest.Layers.Zip(diffIds, ToProgress)];
            await FetchLayersAsync(manifest, diffIds, repository, progress, cancellation);

            // 5
            progress.Stage = "publishing";
            var image = store.Add(NamesOf(reference, target.Descriptor, digest), documents);
            sync.Request();
            return image;
        }
        finally
        {
            removal.Request(layers.Release(diffIds));
        }
    }

    private LayerProgress ToProgress(Descriptor layer, Digest diffId) =>
        new(layer.Digest, layer.Size) { Stage = layers.Find(diffId) is null ? LayerStage.Waiting : LayerStage.Present };

    private static async Task<(Digest Digest, ImageManifest Manifest)> SelectManifestAsync(
        FetchedManifest fetched, RepositoryClient repository, Dictionary<Digest, byte[]> documents, CancellationToken cancellation)
    {
        for (var depth = 0; depth < ContentLimits.MaxIndexDepth; depth++)
        {
            documents[fetched.Descriptor.Digest] = fetched.Bytes;
            var document = ManifestReader.Read(fetched.Bytes, fetched.Descriptor.MediaType);
            if (document.Manifest is { } manifest)
            {
                return (fetched.Descriptor.Digest, manifest);
            }

            fetched = await repository.FetchManifestAsync(ManifestSelector.Select(document.Index!), cancellation);
        }

        throw new ContentException($"more than {ContentLimits.MaxIndexDepth} indexes within each other");
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
    private Task FetchLayersAsync(
        ImageManifest manifest, IReadOnlyList<Digest> diffIds, RepositoryClient repository, PullProgress progress, CancellationToken cancellation)
    {
        var missing = manifest.Layers.Zip(diffIds).DistinctBy(l => l.Second).Where(l => layers.Find(l.Second) is null).OrderByDescending(l => l.First.Size);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.MaxConcurrentLayers, CancellationToken = cancellation };
        return Parallel.ForEachAsync(
            missing,
            parallel,
            async (layer, token) =>
            {
                await fetcher.EnsureAsync(layer.First, layer.Second, repository, token);
                progress.Find(layer.First.Digest)!.Stage = LayerStage.Done;
            });
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
