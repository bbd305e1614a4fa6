using CriShim.CriServer.Configuration;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.State;
using CriShim.Oci.ImageSpec;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images.Layers;

/// <summary>Gets layers that are not there: each once, however many pulls want it at the same time.</summary>
internal sealed class LayerFetcher(LayerStore layers, ImageOptions options, ILogger log)
{
    private readonly SharedOperations<Digest, LayerRecord> _running = new();

    /// <summary>The caller must hold the layer (<see cref="LayerStore.Hold"/>).</summary>
    public async Task<LayerRecord> EnsureAsync(ImageLayer layer, IBlobSource source, CancellationToken cancellation)
    {
        var started = false;
        try
        {
            return await _running.RunAsync(
                layer.Id,
                () =>
                {
                    started = true;
                    return FetchAsync(layer, source, cancellation);
                },
                cancellation);
        }
        catch (Exception) when (!started && !cancellation.IsCancellationRequested)
        {
            // Another pull failed, with its own hosts and credentials: that says nothing about ours.
            return await FetchAsync(layer, source, cancellation);
        }
    }

    private async Task<LayerRecord> FetchAsync(ImageLayer layer, IBlobSource source, CancellationToken cancellation) =>
        layers.Find(layer.Id)
        ?? await source.FetchBlobAsync(layer.Blob, ingest => UnpackAsync(layer, ingest, cancellation), cancellation);

    private async Task<LayerRecord> UnpackAsync(ImageLayer layer, BlobIngest ingest, CancellationToken cancellation)
    {
        var staging = layers.CreateStaging();
        try
        {
            var usage = await FillAsync(layer, LayerStore.StagingContents(staging), ingest, cancellation);
            ImageLog.LayerUnpacked(log, layer.Id, layer.Blob.Size, usage.Bytes, usage.Inodes);
            return layers.Commit(staging, layer.Id, usage);
        }
        catch
        {
            LayerStore.RemoveFolders([staging]);
            throw;
        }
    }

    private async Task<LayerUsage> FillAsync(ImageLayer layer, string target, BlobIngest ingest, CancellationToken cancellation)
    {
        if (layer.FileName is { } name)
        {
            return await ArtifactFile.WriteAsync(ingest, layer.Blob, target, name, options.MaxLayerBytes);
        }

        using var unpack = new LayerUnpack(layer.Blob, layer.DiffId, target, options.MaxLayerBytes);
        return await unpack.RunAsync(ingest, cancellation);
    }
}
