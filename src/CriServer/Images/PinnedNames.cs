namespace CriShim.CriServer.Images;

/// <summary>Names of images that the kubelet is asked not to remove.</summary>
/// <param name="patterns">Names in any form a client may use, or the start of complete names with a <c>*</c> for the rest.</param>
internal sealed class PinnedNames(IReadOnlyList<string> patterns)
{
    private readonly List<string> _starts = [.. patterns.Where(p => p.EndsWith('*')).Select(p => p[..^1])];
    private readonly HashSet<string> _names =
        [.. patterns.Where(p => !p.EndsWith('*')).Select(p => ImageReference.TryParse(p, out var reference) ? reference.StoredName : p)];

    /// <param name="name">Complete, with tag or digest.</param>
    public bool Contains(string name) => _names.Contains(name) || _starts.Exists(s => name.StartsWith(s, StringComparison.Ordinal));
}
