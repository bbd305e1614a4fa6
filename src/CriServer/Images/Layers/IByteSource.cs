namespace CriShim.CriServer.Images.Layers;

/// <summary>Bytes in the blocks in which they come.</summary>
internal interface IByteSource
{
    /// <summary>The next block, empty at the end; the one before is no longer valid.</summary>
    ReadOnlyMemory<byte> Next();
}
