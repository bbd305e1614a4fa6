using System.Threading.Channels;
using CriShim.Linux;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images;

/// <summary>Deletes folders that were already renamed out of sight, one after the other, behind the callers' back.</summary>
internal sealed class FolderRemoval : IAsyncDisposable
{
    private readonly Channel<string> _paths = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ILogger _log;
    private readonly Task _worker;

    public FolderRemoval(ILogger log)
    {
        _log = log;
        _worker = Task.Run(RemoveLoopAsync);
    }

    /// <summary>Returns at once.</summary>
    public void Request(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            _paths.Writer.TryWrite(path);
        }
    }

    /// <summary>Finishes what was requested.</summary>
    public async ValueTask DisposeAsync()
    {
        _paths.Writer.TryComplete();
        await _worker;
    }

    private async Task RemoveLoopAsync()
    {
        await foreach (var path in _paths.Reader.ReadAllAsync())
        {
            try
            {
                FolderTree.Remove(path);
            }
            catch (IOException e)
            {
                ImageLog.DeleteFailed(_log, path, e.Message);
            }
        }
    }
}
