using CriShim.CriServer.Images.Content;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// One layer from its download to its files, in three stages that run side by side:
/// <code>
/// download, digest  --blocks-->  decompress  --blocks-->  diff id, archive, files
/// </code>
/// </summary>
internal sealed class LayerUnpack(Descriptor layer, Digest? diffId, string target, long maxBytes) : IDisposable
{
    private const int QueuedBlocks = 8;

    private readonly CancellationTokenSource _stop = new();
    private LayerUsage _usage;

    public void Dispose() => _stop.Dispose();

    /// <summary>Returns when size, digest and diff id are right and all files are there.</summary>
    /// <exception cref="ContentException">The layer is not what it should be.</exception>
    public async Task<LayerUsage> RunAsync(BlobIngest download, CancellationToken cancellation)
    {
        await using var registration = cancellation.Register(_stop.Cancel);
        using var compressed = new BlockQueue(QueuedBlocks, _stop.Token);
        using var archive = new BlockQueue(QueuedBlocks, _stop.Token);
        var stages = new List<Task>
        {
            DownloadAsync(download, compressed),
            RunStageAsync(() => Decompress(compressed, archive)),
            RunStageAsync(() => Apply(archive)),
        };
        Exception? first = null;
        await foreach (var stage in Task.WhenEach(stages))
        {
            if (stage.Exception?.InnerException is { } failure)
            {
                first ??= failure;
            }

            if (!stage.IsCompletedSuccessfully)
            {
                await _stop.CancelAsync(); // the others would wait for it
            }
        }

        cancellation.ThrowIfCancellationRequested();
        return first is null ? _usage : throw Translate(first);
    }

    private async Task DownloadAsync(BlobIngest download, BlockQueue output)
    {
        while (true)
        {
            var block = BlockQueue.Rent();
            var filled = 0;
            var count = 1;
            while (filled < BlockQueue.BlockBytes && count > 0)
            {
                _stop.Token.ThrowIfCancellationRequested(); // also when only some bytes come at a time
                count = await download.ReadAsync(block.AsMemory(filled, BlockQueue.BlockBytes - filled));
                filled += count;
            }

            if (filled > 0)
            {
                await output.AddAsync(block, filled);
            }

            if (count == 0)
            {
                output.Complete();
                return;
            }
        }
    }

    private void Decompress(BlockQueue input, BlockQueue output)
    {
        var source = new SourceStream(input);
        using var decoded = LayerCompression.Open(source);
        var limit = Math.Max(ContentLimits.ExpansionGraceBytes, layer.Size * ContentLimits.MaxExpansion);
        for (var total = 0L; ;)
        {
            var block = BlockQueue.Rent();
            var count = decoded.ReadAtLeast(block.AsSpan(0, BlockQueue.BlockBytes), BlockQueue.BlockBytes, throwOnEndOfStream: false);
            total += count;
            if (total > limit)
            {
                throw new ContentException($"layer unpacks to more than {limit} bytes from {layer.Size}");
            }

            if (count == 0)
            {
                break;
            }

            output.Add(block, count);
        }

        output.Complete();
        while (!input.Next().IsEmpty)
        {
            // What follows the compressed data belongs to the digest.
        }
    }

    private void Apply(BlockQueue input)
    {
        using var hashing = new HashingSource(input, BlobIngest.HashOf(diffId ?? layer.Digest));
        using var folder = new LayerFolder(target);
        _usage = new LayerApplier(new TarReader(hashing), folder, maxBytes).Apply();
        var actual = hashing.Finish();
        if (diffId is not null && actual != diffId)
        {
            throw new ContentException($"layer {layer.Digest} has diff id {actual}, expected {diffId}");
        }
    }

    /// <summary>On a thread of its own: the stage blocks on its neighbours and on the disk.</summary>
    private static Task RunStageAsync(Action stage) =>
        Task.Factory.StartNew(stage, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private Exception Translate(Exception failure) => failure is InvalidDataException
        ? new ContentException($"layer {layer.Digest} cannot be decompressed: {failure.Message}", failure)
        : failure;
}
