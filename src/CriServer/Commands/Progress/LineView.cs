using CriShim.Api.V1;

namespace CriShim.CriServer.Commands.Progress;

/// <summary>Where there is no terminal: a line for each step and for each layer that is there.</summary>
internal sealed class LineView(TextWriter output) : IPullView
{
    private readonly HashSet<string> _shown = [];
    private string _stage = "";

    public void Show(PullEvent progress)
    {
        if (progress.Stage.Length > 0 && progress.Stage != _stage)
        {
            _stage = progress.Stage;
            output.WriteLine(_stage);
        }

        foreach (var layer in progress.Layers.Where(IsThere).Where(layer => _shown.Add(layer.Digest)))
        {
            var state = layer.State == LayerState.Present ? "already there" : "done";
            output.WriteLine($"{layer.Digest} {state} ({HumanSize.Of(layer.TotalBytes)})");
        }
    }

    public void Dispose()
    {
    }

    private static bool IsThere(LayerProgress layer) => layer.State is LayerState.Present or LayerState.Done;
}
