namespace CriShim.Linux.Netlink;

/// <summary>
/// Key and value of an nf_tables map. The type numbers mean nothing to the kernel; nft(8) prints elements by them. A concatenation
/// packs them 6 bits each, and every part takes whole 4-byte registers.
/// </summary>
public sealed record NftMapType(uint KeyType, int KeyBytes, uint ValueType, int ValueBytes)
{
    public const uint Ipv4Address = 7;
    public const uint Ipv6Address = 8;
    public const uint Protocol = 12;
    public const uint Port = 13;

    public static uint Concatenate(params ReadOnlySpan<uint> types)
    {
        var result = 0u;
        foreach (var type in types)
        {
            result = (result << 6) | type;
        }

        return result;
    }
}
