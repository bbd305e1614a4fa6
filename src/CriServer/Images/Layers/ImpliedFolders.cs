using System.Text;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// Folders of a layer that exist only because something lies in them: the archive has no entry for them, so what they look like is for
/// lower layers to say. Paths are relative to the layer's root, with every symbolic link resolved, as bytes.
/// </summary>
internal sealed class ImpliedFolders
{
    private const int PerItem = 64; // what an item costs beside its name

    // Latin-1 keeps every byte.
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private long _held;

    public int Count => _paths.Count;

    public void Add(ReadOnlySpan<byte> path)
    {
        _held += path.Length + PerItem;
        if (_held > ContentLimits.MaxDeferredBytes)
        {
            throw new ContentException("archive has too many folders without an entry");
        }

        _paths.Add(Encoding.Latin1.GetString(path));
    }

    /// <summary>The archive has an entry for the folder after all.</summary>
    public void Remove(ReadOnlySpan<byte> path) => _paths.Remove(Encoding.Latin1.GetString(path));

    /// <summary>Ending in NUL each; parents before what is in them.</summary>
    public IEnumerable<byte[]> Paths() => _paths.Order(StringComparer.Ordinal).Select(path => (byte[])[.. Encoding.Latin1.GetBytes(path), 0]);

    /// <summary>The paths as a file: each ends in NUL.</summary>
    public byte[] ToBytes() => [.. Paths().SelectMany(path => path)];

    /// <summary>The paths of <see cref="ToBytes"/>, without NUL.</summary>
    public static List<byte[]> Parse(ReadOnlySpan<byte> bytes)
    {
        var paths = new List<byte[]>();
        foreach (var range in bytes.Split((byte)0))
        {
            if (!bytes[range].IsEmpty)
            {
                paths.Add(bytes[range].ToArray());
            }
        }

        return paths;
    }
}
