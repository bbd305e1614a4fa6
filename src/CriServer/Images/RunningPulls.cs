using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Registry;

namespace CriShim.CriServer.Images;

/// <summary>The pulls under way: the same one asked for twice is done once, a few run at a time, and not too many wait for their turn.</summary>
internal sealed class RunningPulls(ImageOptions options, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PullKey, RunningPull> _pulls = [];
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentPulls, options.MaxConcurrentPulls);

    /// <summary>Credentials are part of what is asked for: nobody gets an image by another's.</summary>
    private readonly record struct PullKey(ImageReference Reference, RegistryCredentials? Credentials);

    /// <summary>The pull under way, or one started now; the caller must call its <see cref="RunningPull.WaitAsync"/>.</summary>
    /// <exception cref="CriException">ResourceExhausted: too many pulls wait.</exception>
    public RunningPull Join(ImageReference reference, RegistryCredentials? credentials, Func<RunningPull, Task<Image>> work)
    {
        var key = new PullKey(reference, credentials);
        lock (_gate)
        {
            if (_pulls.TryGetValue(key, out var running) && running.TryJoin())
            {
                return running;
            }

            if (_pulls.Count >= options.MaxConcurrentPulls + options.MaxQueuedPulls)
            {
                throw new CriException(CriErrorKind.ResourceExhausted, $"failed to pull image \"{reference}\": {_pulls.Count} pulls are under way");
            }

            var pull = new RunningPull(TimeSpan.FromSeconds(options.AbandonedPullSeconds), time);
            _pulls[key] = pull;
            pull.Start(p => RunInTurnAsync(key, p, work));
            return pull;
        }
    }

    /// <summary>Ends the pulls and waits until they have cleaned up.</summary>
    public async ValueTask DisposeAsync()
    {
        List<RunningPull> pulls;
        lock (_gate)
        {
            pulls = [.. _pulls.Values];
        }

        pulls.ForEach(p => p.Stop());
        foreach (var pull in pulls)
        {
            await pull.WhenEndedAsync();
        }

        _slots.Dispose();
    }

    private async Task<Image> RunInTurnAsync(PullKey key, RunningPull pull, Func<RunningPull, Task<Image>> work)
    {
        try
        {
            await _slots.WaitAsync(pull.Token);
            try
            {
                return await work(pull);
            }
            finally
            {
                _slots.Release();
            }
        }
        finally
        {
            lock (_gate)
            {
                pull.Dispose();
                if (_pulls.GetValueOrDefault(key) == pull)
                {
                    _pulls.Remove(key);
                }
            }
        }
    }
}
