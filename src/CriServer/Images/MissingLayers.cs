using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;

namespace CriShim.CriServer.Images;

/// <summary>Brings those layers of an image that are not here, from wherever the image comes.</summary>
internal sealed class MissingLayers(LayerStore layers, LayerFetcher fetcher, ImageOptions options)
{
    /// <param name="wanted">Held by the caller (<see cref="LayerStore.Hold"/>).</param>
    /// <param name="fetched">Told of each that was missing.</param>
    /// <exception cref="CriException">ResourceExhausted: the disk has no room for them.</exception>
    public Task FetchAsync(IReadOnlyList<ImageLayer> wanted, IBlobSource source, Action<ImageLayer> fetched, CancellationToken cancellation)
    {
        // Large ones first: the last to end is then not a large one that began last.
        var missing = wanted.DistinctBy(l => l.Id).Where(l => layers.Find(l.Id) is null).OrderByDescending(l => l.Blob.Size).ToList();
        if (FreeSpace.FindProblem(layers.FolderPath, missing) is { } problem)
        {
            throw FreeSpace.Exhausted(problem);
        }

        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.MaxConcurrentLayers, CancellationToken = cancellation };
        return Parallel.ForEachAsync(
            missing,
            parallel,
            async (layer, token) =>
            {
                await fetcher.EnsureAsync(layer, source, token);
                fetched(layer);
            });
    }
}
