using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Archives;

/// <summary>The files of an archive or a folder by their paths, <c>blobs/sha256/…</c>. May be used from several threads.</summary>
internal interface IArchiveFiles : IDisposable
{
    /// <summary>The file, from its start; null where no regular file is. Links lead to other files of the same archive only.</summary>
    /// <exception cref="ContentException">Links lead in a circle.</exception>
    Stream? Open(string path);
}
