namespace CriShim.CriServer.Images.Archives;

/// <summary>Where an export goes. What is not completed leaves nothing behind.</summary>
internal interface IArchiveTarget : IDisposable
{
    void Add(string path, ReadOnlySpan<byte> bytes);

    /// <param name="contents">At its start; read to its end.</param>
    void Add(string path, Stream contents);

    /// <summary>Makes it appear under its name.</summary>
    /// <returns>Bytes on the disk.</returns>
    long Complete();
}
