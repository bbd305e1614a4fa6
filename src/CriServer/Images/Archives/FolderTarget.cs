namespace CriShim.CriServer.Images.Archives;

/// <summary>An export as a folder.</summary>
internal sealed class FolderTarget : IArchiveTarget
{
    private readonly string _path;
    private readonly string _partial;
    private long _bytes;

    /// <exception cref="IOException">Something is there already, or the folder cannot be made.</exception>
    public FolderTarget(string path)
    {
        if (Path.Exists(path))
        {
            throw new IOException("it exists");
        }

        _path = path;
        _partial = path + ".partial";
        if (Path.Exists(_partial))
        {
            throw new IOException($"\"{_partial}\" of an export that was cut off exists");
        }

        Directory.CreateDirectory(_partial);
    }

    public void Add(string path, ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(Prepare(path), bytes);
        _bytes += bytes.Length;
    }

    public void Add(string path, Stream contents)
    {
        using var file = new FileStream(Prepare(path), FileMode.CreateNew, FileAccess.Write);
        contents.CopyTo(file);
        _bytes += contents.Length;
    }

    public long Complete()
    {
        Directory.Move(_partial, _path);
        return _bytes;
    }

    public void Dispose()
    {
        if (Directory.Exists(_partial))
        {
            Directory.Delete(_partial, recursive: true);
        }
    }

    private string Prepare(string path)
    {
        var full = Path.Combine(_partial, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        return full;
    }
}
