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
    public async Task<LayerRecord> EnsureAsync(Descriptor layer, Digest diffId, IBlobSource source, CancellationToken cancellation)
    {
        var started = false;
        try
        {
            return await _running.RunAsync(
                diffId,
                () =>
                {
                    started = true;
                    return FetchAsync(layer, diffId, source, cancellation);
                },
                cancellation);
        }
        catch (Exception) when (!started && !cancellation.IsCancellationRequested)
        {
            // Another pull failed, with its own hosts and credentials: that says nothing about ours.
            return await FetchAsync(layer, diffId, source, cancellation);
        }
    }

    private async Task<LayerRecord> FetchAsync(Descriptor layer, Digest diffId, IBlobSource source, CancellationToken cancellation) =>
        layers.Find(diffId)
        ?? await source.FetchBlobAsync(layer, ingest => UnpackAsync(layer, diffId, ingest, cancellation), cancellation);

    private async Task<LayerRecord> UnpackAsync(Descriptor layer, Digest diffId, BlobIngest ingest, CancellationToken cancellation)
    {
        var staging = layers.CreateStaging();
        try
        {
            using var unpack = new LayerUnpack(layer, diffId, LayerStore.StagingContents(staging), options.MaxLayerBytes);
            var usage = await unpack.RunAsync(ingest, cancellation);
            ImageLog.LayerUnpacked(log, diffId, layer.Size, usage.Bytes, usage.Inodes);
            return layers.Commit(staging, diffId, usage);
        }
        catch
        {
            LayerStore.RemoveFolders([staging]);
            throw;
        }
    }
}
