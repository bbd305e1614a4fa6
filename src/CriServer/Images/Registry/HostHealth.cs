using System.Collections.Concurrent;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// Hosts that lately did not answer. They are asked last, so that a dead mirror costs its time limit once a minute and not for each layer
/// and each pull.
/// </summary>
internal sealed class HostHealth(TimeProvider time)
{
    private static readonly TimeSpan s_memory = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _failedAt = new(StringComparer.Ordinal);

    /// <param name="origin">Scheme and authority.</param>
    public void MarkFailed(string origin) => _failedAt[origin] = time.GetUtcNow();

    public void MarkWell(string origin) => _failedAt.TryRemove(origin, out _);

    public bool IsDoubtful(string origin) => _failedAt.TryGetValue(origin, out var at) && time.GetUtcNow() - at < s_memory;
}
