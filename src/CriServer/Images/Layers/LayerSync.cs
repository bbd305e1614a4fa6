using System.Threading.Channels;
using CriShim.Linux;
using Microsoft.Extensions.Logging;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// Brings unpacked layers to the disk behind the pull's back and then says so in their records: one syncfs(2) for all that were finished
/// before it. A power cut before that costs a new pull, not a wrong file.
/// </summary>
internal sealed class LayerSync : IAsyncDisposable
{
    private readonly Channel<bool> _requests =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly LayerStore _layers;
    private readonly ILogger _log;
    private readonly Task _worker;

    public LayerSync(LayerStore layers, ILogger log)
    {
        _layers = layers;
        _log = log;
        _worker = Task.Run(SyncLoopAsync);
    }

    /// <summary>Returns at once.</summary>
    public void Request() => _requests.Writer.TryWrite(true);

    /// <summary>Finishes what was requested.</summary>
    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _worker;
    }

    private async Task SyncLoopAsync()
    {
        await foreach (var _ in _requests.Reader.ReadAllAsync())
        {
            try
            {
                Sync();
            }
            catch (IOException e)
            {
                ImageLog.LayerSyncFailed(_log, e.Message);
            }
        }
    }

    private void Sync()
    {
        var layers = _layers.Unsynced();
        using (var folder = Fd.Open(_layers.FolderPath, O_RDONLY | O_DIRECTORY))
        {
            Check.Result(syncfs(folder), "syncfs", _layers.FolderPath);
        }

        foreach (var diffId in layers)
        {
            _layers.MarkSynced(diffId);
        }
    }
}
