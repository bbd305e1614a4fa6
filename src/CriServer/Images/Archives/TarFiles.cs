using CriShim.CriServer.Images.Content;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Images.Archives;

/// <summary>The files of a tar archive: its headers are read once, contents when they are asked for, in any order.</summary>
internal sealed class TarFiles : IArchiveFiles
{
    private readonly SafeFileHandle _file;
    private readonly IReadOnlyDictionary<string, TarPlace> _places;

    /// <param name="file">A plain tar; owned by this object from now on.</param>
    /// <exception cref="ContentException">Not a tar archive.</exception>
    public TarFiles(SafeFileHandle file)
    {
        _file = file;
        _places = TarIndex.Read(file);
    }

    public Stream? Open(string path)
    {
        for (var links = 0; links <= ArchiveLimits.MaxLinks; links++)
        {
            if (!_places.TryGetValue(path, out var place))
            {
                return null;
            }

            if (place.Link is not { } link)
            {
                return new FileSlice(_file, place.Offset, place.Length);
            }

            path = link;
        }

        throw new ContentException($"\"{path}\" is a link that leads in a circle");
    }

    public void Dispose() => _file.Dispose();
}
