using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Registry;
using CriShim.CriServer.Images.Signatures;
using CriShim.Oci.ImageSpec;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images;

/// <summary>
/// Pulls an image. The work belongs to the image, not to the caller (<see cref="RunningPulls"/>). Steps: 1 resolve the name, 2 choose the
/// manifest, 3 signature policy and config, 4 layers side by side, 5 publish.
/// </summary>
internal sealed class ImagePuller(
    ImageStore store, LayerStore layers, MissingLayers missing, LayerSync sync, FolderRemoval removal, RegistryHosts hosts, RegistryHttp http,
    SignatureCheck signatures, ImageOptions options, TimeProvider time, ILogger<ImagePuller> log) : IAsyncDisposable
{
    // What kubelet tests for (cri-api, pkg/errors) to say ErrImagePull or RegistryUnavailable.
    private const string UnavailablePrefix = "RegistryUnavailable: ";

    private readonly RunningPulls _running = new(options, time);
    private readonly KeptLayers _kept = new(layers, removal, options, time);

    /// <summary>Waits for the image as long as the caller's token allows.</summary>
    /// <exception cref="CriException">Unavailable, NotFound and others: every host asked, and its answer.</exception>
    public Task<Image> PullAsync(ImageReference reference, RegistryCredentials? credentials, CancellationToken callerToken) =>
        Join(reference, credentials).WaitAsync(callerToken);

    /// <summary>The pull of this image, for who wants to watch it too: the caller must call its <see cref="RunningPull.WaitAsync"/>.</summary>
    /// <inheritdoc cref="PullAsync"/>
    public RunningPull Join(ImageReference reference, RegistryCredentials? credentials) =>
        _running.Join(reference, credentials, pull => RunAsync(reference, credentials, pull));

    /// <summary>Ends the pulls in progress.</summary>
    public async ValueTask DisposeAsync()
    {
        await _running.DisposeAsync();
        _kept.Dispose();
    }

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
        catch (Exception e) when (e is CriException or ContentException or SignatureException or IOException)
        {
            throw Describe(reference, e);
        }
        catch (OperationCanceledException e) when (pull.Token.IsCancellationRequested)
        {
            throw new CriException(CriErrorKind.Aborted, $"failed to pull image \"{reference}\": ended while {pull.Progress.Stage}", e);
        }
    }

    private async Task<Image> PullFromAsync(
        ImageReference reference, RepositoryClient repository, PullProgress progress, CancellationToken cancellation)
    {
        // 1, 2
        progress.Stage = "resolving the name";
        var target = await repository.ResolveAsync(cancellation);
        var resolver = new ManifestResolver(PlatformOrder.OfThisMachine, listed => ManifestAsync(listed, repository, cancellation));
        var (digest, manifest, documents) = await resolver.ResolveAsync(target);

        // 3
        progress.Stage = "asking the signature policy";
        await signatures.RequireForPullAsync(reference, [target.Descriptor.Digest, digest], repository, cancellation);
        progress.Stage = "fetching the config";
        var configBytes = store.FindDocument(manifest.Config) ?? await repository.FetchSmallBlobAsync(manifest.Config, ContentLimits.MaxConfigBytes, cancellation);
        var wanted = ImageDescription.Read(digest, manifest, configBytes).Layers;
        var held = wanted.Select(l => l.Id).ToList();

        layers.Hold(held);
        try
        {
            // 4
            progress.Stage = "fetching layers";
            progress.Layers = [.. wanted.Select(ToProgress)];
            await missing.FetchAsync(wanted, repository, layer => progress.Find(layer.Blob.Digest)!.Stage = LayerStage.Done, cancellation);

            // 5
            progress.Stage = "publishing";
            var image = store.Add(
                NamesOf(reference, target.Descriptor, digest), new Dictionary<Digest, byte[]>(documents) { [manifest.Config.Digest] = configBytes });
            removal.Request(layers.Release(held));
            sync.Request();
            return image;
        }
        catch (Exception e) when (FreeSpace.IsExhausted(e))
        {
            _kept.ReleaseAll(); // for the next try
            removal.Request(layers.Release(held));
            throw e as CriException ?? FreeSpace.Exhausted($"no space left in {layers.FolderPath}: {e.Message}");
        }
        catch
        {
            _kept.Keep(held);
            throw;
        }
    }

    /// <summary>One that is here already, of another image perhaps, needs no request.</summary>
    private async Task<FetchedManifest> ManifestAsync(Descriptor listed, RepositoryClient repository, CancellationToken cancellation) =>
        store.FindDocument(listed) is { } bytes ? new FetchedManifest(listed, bytes) : await repository.FetchManifestAsync(listed, cancellation);

    private LayerProgress ToProgress(ImageLayer layer) =>
        new(layer.Blob.Digest, layer.Blob.Size) { Stage = layers.Find(layer.Id) is null ? LayerStage.Waiting : LayerStage.Present };

    /// <summary>A tag also gives the name with the digest it stood for; a digest gives that name only.</summary>
    private static List<StoredImage> NamesOf(ImageReference reference, Descriptor target, Digest manifest)
    {
        var byDigest = new StoredImage(reference.WithDigest(target.Digest), target, manifest);
        return reference.Digest is null ? [new StoredImage(reference.StoredName, target, manifest), byDigest] : [byDigest];
    }

    private static CriException Describe(ImageReference reference, Exception e)
    {
        var kind = e is CriException known ? known.Kind : CriErrorKind.Unknown;
        var prefix = e is SignatureException ? SignatureException.KubeletPrefix : kind == CriErrorKind.Unavailable ? UnavailablePrefix : "";
        return new CriException(kind, $"{prefix}failed to pull image \"{reference}\": {e.Message}", e);
    }
}
