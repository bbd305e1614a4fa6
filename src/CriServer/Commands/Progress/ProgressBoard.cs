using CriShim.Api.V1;
using Google.Protobuf.Collections;

namespace CriShim.CriServer.Commands.Progress;

/// <summary>A pull as lines of text: one per layer with a bar, one for all of them.</summary>
internal static class ProgressBoard
{
    private const int NameLength = 12;
    private const int SizesLength = 17; // "999MB / 999MB" and room
    private const int MaxBar = 40;
    private const int MinBar = 8;

    /// <param name="columns">Of the terminal; no line is longer.</param>
    /// <param name="rows">Of the terminal; where there are more layers, those that are done are left out.</param>
    public static IReadOnlyList<string> Draw(PullEvent progress, int columns, int rows)
    {
        var layers = Fitting(progress.Layers, rows - 3);
        var bar = Math.Clamp(columns - NameLength - SizesLength - 8, MinBar, MaxBar);
        var lines = layers.Select(layer => DrawLayer(layer, bar)).ToList();
        if (layers.Count < progress.Layers.Count)
        {
            lines.Add($"{progress.Layers.Count - layers.Count} more layers");
        }

        lines.Add(DrawTotal(progress, bar));
        return [.. lines.Select(line => line.Length < columns ? line : line[..Math.Max(0, columns - 1)])];
    }

    private static List<LayerProgress> Fitting(RepeatedField<LayerProgress> layers, int count) => layers.Count <= count
        ? [.. layers]
        : [.. layers.OrderBy(IsThere).Take(Math.Max(0, count)).OrderBy(layers.IndexOf)];

    private static string DrawLayer(LayerProgress layer, int bar)
    {
        var name = layer.Digest[(layer.Digest.IndexOf(':', StringComparison.Ordinal) + 1)..][..NameLength];
        var total = HumanSize.Of(layer.TotalBytes);
        var text = layer.State switch
        {
            LayerState.Present => "already there",
            LayerState.Done => "done",
            LayerState.Unpacking => "unpacking",
            LayerState.Waiting => "waiting",
            _ => $"{Bar(layer.DoneBytes, layer.TotalBytes, bar)} {HumanSize.Of(layer.DoneBytes)} / {total}",
        };
        return layer.State == LayerState.Downloading ? $"{name}  {text}" : $"{name}  {text.PadRight(bar + 2)} {total}";
    }

    private static string DrawTotal(PullEvent progress, int bar)
    {
        if (progress.ImageId.Length > 0 || progress.Layers.Count == 0)
        {
            return progress.ImageId.Length > 0 ? "done" : progress.Stage;
        }

        var total = progress.Layers.Sum(layer => layer.TotalBytes);
        var done = progress.Layers.Sum(layer => IsThere(layer) ? layer.TotalBytes : layer.DoneBytes);
        return $"{"total",-NameLength}  {Bar(done, total, bar)} {HumanSize.Of(done)} / {HumanSize.Of(total)}";
    }

    private static string Bar(long done, long total, int length)
    {
        var filled = total <= 0 ? length : (int)(Math.Min(done, total) * length / total);
        var head = filled < length ? ">" : "";
        return $"[{new string('=', Math.Max(0, filled))}{head}{new string(' ', length - filled - head.Length)}]";
    }

    private static bool IsThere(LayerProgress layer) => layer.State is LayerState.Present or LayerState.Done;
}
