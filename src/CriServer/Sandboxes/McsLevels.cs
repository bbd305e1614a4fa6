using System.Globalization;
using System.Security.Cryptography;

namespace CriShim.CriServer.Sandboxes;

/// <summary>
/// SELinux levels that keep pods apart (mcs(8)): each pod has a pair of categories that no other has, its containers share it.
/// </summary>
/// <param name="used">Levels of the pods that there are.</param>
internal sealed class McsLevels(Func<IEnumerable<string?>> used)
{
    private const int Categories = 1024;
    private const int MaxAttempts = 10_000;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _pending = new(StringComparer.Ordinal);

    /// <summary>A level that nobody has; until <see cref="Settle"/> it is kept although no pod shows it.</summary>
    public string Allocate()
    {
        lock (_gate)
        {
            var taken = used().ToHashSet();
            for (var attempt = 0; attempt < MaxAttempts; attempt++)
            {
                var (first, second) = (RandomNumberGenerator.GetInt32(Categories), RandomNumberGenerator.GetInt32(Categories));
                var level = string.Create(CultureInfo.InvariantCulture, $"s0:c{Math.Min(first, second)},c{Math.Max(first, second)}");
                if (first != second && !taken.Contains(level) && _pending.Add(level))
                {
                    return level;
                }
            }

            throw new InvalidOperationException("no pair of SELinux categories is free");
        }
    }

    /// <summary>The pod is shown now, or will never be.</summary>
    public void Settle(string? level)
    {
        lock (_gate)
        {
            _pending.Remove(level ?? "");
        }
    }
}
