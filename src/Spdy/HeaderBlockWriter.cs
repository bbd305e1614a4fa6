namespace CriShim.Spdy;

/// <summary>
/// Writes the header blocks of a connection. A server's only ones answer a stream and have no pairs: four zero bytes, which stored blocks
/// carry as well as compressed ones, without a compressor's quarter of a megabyte.
/// </summary>
internal sealed class HeaderBlockWriter
{
    /// <summary>RFC 1950: deflate, window of 32 KiB, with a dictionary; then the dictionary's id.</summary>
    private static readonly byte[] s_begin = [0x78, 0x20, 0xe3, 0xc6, 0xa7, 0xc2];

    private static readonly byte[] s_noPairs = [.. StoredBlock.Of([0, 0, 0, 0]), .. StoredBlock.Of([])];

    private bool _begun;

    /// <summary>A block without pairs; to be sent in the order of the calls.</summary>
    public byte[] Empty()
    {
        var block = _begun ? s_noPairs : [.. s_begin, .. s_noPairs];
        _begun = true;
        return block;
    }
}
