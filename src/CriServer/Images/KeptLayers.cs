using CriShim.CriServer.Configuration;
using CriShim.CriServer.Images.Layers;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images;

/// <summary>
/// Holds the layers of pulls that failed, so that the next try finds what the last one brought: for a while, and only of the last few pulls.
/// </summary>
internal sealed class KeptLayers(LayerStore layers, FolderRemoval removal, ImageOptions options, TimeProvider time) : IDisposable
{
    private const int MaxPulls = 32;

    private readonly Lock _gate = new();
    private readonly Queue<(IReadOnlyList<Digest> Layers, DateTimeOffset Until)> _kept = new();
    private ITimer? _timer;

    /// <summary>Takes over the caller's hold (<see cref="LayerStore.Hold"/>).</summary>
    public void Keep(IReadOnlyList<Digest> held)
    {
        var until = time.GetUtcNow() + TimeSpan.FromSeconds(options.KeepFailedPullSeconds);
        lock (_gate)
        {
            _kept.Enqueue((held, until));
            while (_kept.Count > MaxPulls)
            {
                Release(_kept.Dequeue().Layers);
            }

            _timer ??= time.CreateTimer(_ => ReleaseOld(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            SetTimer();
        }
    }

    /// <summary>Gives up all of them: their space is needed.</summary>
    public void ReleaseAll()
    {
        lock (_gate)
        {
            while (_kept.TryDequeue(out var entry))
            {
                Release(entry.Layers);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _timer?.Dispose();
            _timer = null;
            _kept.Clear();
        }
    }

    private void ReleaseOld()
    {
        lock (_gate)
        {
            while (_kept.TryPeek(out var entry) && entry.Until <= time.GetUtcNow())
            {
                Release(_kept.Dequeue().Layers);
            }

            SetTimer();
        }
    }

    private void SetTimer()
    {
        if (_kept.TryPeek(out var oldest) && oldest.Until - time.GetUtcNow() is var left)
        {
            _timer?.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void Release(IReadOnlyList<Digest> held) => removal.Request(layers.Release(held));
}
