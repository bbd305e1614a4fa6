using System.Text;
using CriShim.CriServer.Images.Layers;

namespace CriShim.CriServer.Images.Archives;

/// <summary>An export as a tar file.</summary>
internal sealed class TarTarget : IArchiveTarget
{
    private const int BufferBytes = 1 << 20;

    private readonly string _path;
    private readonly string _partial;
    private readonly FileStream _file;
    private readonly TarOutput _tar;

    /// <exception cref="IOException">The file is there already, or cannot be made.</exception>
    public TarTarget(string path)
    {
        if (Path.Exists(path))
        {
            throw new IOException("it exists");
        }

        _path = path;
        _partial = path + ".partial";
        _file = new FileStream(_partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
        _tar = new TarOutput(_file);
    }

    public void Add(string path, ReadOnlySpan<byte> bytes) => _tar.WriteFile(path, bytes);

    public void Add(string path, Stream contents)
    {
        _tar.Begin(new TarEntry { Type = TarEntryType.File, Path = Encoding.UTF8.GetBytes(path), Size = contents.Length, Mode = 0x1A4 });
        var buffer = new byte[BufferBytes];
        while (contents.Read(buffer) is var count and > 0)
        {
            _tar.Write(buffer.AsSpan(0, count));
        }

        _tar.EndFile();
    }

    public long Complete()
    {
        _tar.Finish();
        _file.Flush();
        var length = _file.Length;
        _file.Dispose();
        File.Move(_partial, _path);
        return length;
    }

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_partial);
    }
}
