using System.Threading.Channels;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.State;

/// <summary>
/// Brings written files to the disk behind the caller's back. A record's fsync, with its folder's, costs about 6 ms on a common disk; a pod's
/// life writes seven of them. What a power cut may take with it here is the record of a container that the same power cut ended.
/// </summary>
internal sealed class LazyDurability : IAsyncDisposable
{
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(500);

    private readonly Channel<string> _paths = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
    private readonly TimeProvider _time;
    private readonly Task _worker;

    public LazyDurability(TimeProvider time)
    {
        _time = time;
        _worker = Task.Run(SyncLoopAsync);
    }

    /// <summary>Syncs the file and its folder soon; a file that is gone by then needs nothing.</summary>
    public void Request(string path) => _paths.Writer.TryWrite(path);

    /// <summary>Syncs what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        _paths.Writer.TryComplete();
        await _closing.CancelAsync();
        await _worker;
        _closing.Dispose();
    }

    private async Task SyncLoopAsync()
    {
        while (await _paths.Reader.WaitToReadAsync())
        {
            await GatherAsync();
            HashSet<string> files = [];
            while (_paths.Reader.TryRead(out var path))
            {
                files.Add(path);
            }

            foreach (var file in files)
            {
                Sync(file, O_RDONLY);
            }

            foreach (var folder in files.Select(f => Path.GetDirectoryName(f)!).SelectMany(f => (string[])[f, Path.GetDirectoryName(f)!]).Distinct())
            {
                Sync(folder, O_RDONLY | O_DIRECTORY);
            }
        }
    }

    private async Task GatherAsync()
    {
        try
        {
            await Task.Delay(s_gather, _time, _closing.Token);
        }
        catch (OperationCanceledException)
        {
            // Closing: sync at once.
        }
    }

    private static void Sync(string path, int flags)
    {
        try
        {
            using var fd = Fd.Open(path, flags | O_NOFOLLOW);
            Check.Result(fsync(fd), "fsync", path);
        }
        catch (LinuxException)
        {
            // Removed meanwhile, or a disk error that the next write meets too: the record in memory stays right.
        }
    }
}
