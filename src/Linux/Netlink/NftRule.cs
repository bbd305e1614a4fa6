using System.Runtime.InteropServices;
using static CriShim.Linux.LibC.NfTables;

namespace CriShim.Linux.Netlink;

/// <summary>The expressions of one rule, in order. A match that fails ends the rule; registers are numbered as in nf_tables.h.</summary>
public sealed class NftRule(NetlinkBatch batch)
{
    private const int InterfaceNameBytes = 16;

    /// <summary>Only packets of this family (NFPROTO_IPV4, NFPROTO_IPV6).</summary>
    public NftRule Family(byte family) => Meta(NFT_META_NFPROTO, NFT_REG_1).Compare(NFT_REG_1, NFT_CMP_EQ, [family]);

    public NftRule InputInterface(string name) => Meta(NFT_META_IIFNAME, NFT_REG_1).Compare(NFT_REG_1, NFT_CMP_EQ, NameBytes(name));

    public NftRule OutputInterface(string name) => Meta(NFT_META_OIFNAME, NFT_REG_1).Compare(NFT_REG_1, NFT_CMP_EQ, NameBytes(name));

    public NftRule NotOutputInterface(string name) => Meta(NFT_META_OIFNAME, NFT_REG_1).Compare(NFT_REG_1, NFT_CMP_NEQ, NameBytes(name));

    /// <summary>Bytes of the network header under a mask: source or destination prefixes.</summary>
    public NftRule NetworkHeader(int offset, ReadOnlySpan<byte> mask, ReadOnlySpan<byte> value) =>
        Payload(NFT_PAYLOAD_NETWORK_HEADER, offset, mask.Length, NFT_REG_1)
            .Bitwise(NFT_REG_1, mask)
            .Compare(NFT_REG_1, NFT_CMP_EQ, value);

    /// <summary>Bytes of the network header that must differ.</summary>
    public NftRule NotNetworkHeader(int offset, ReadOnlySpan<byte> value) =>
        Payload(NFT_PAYLOAD_NETWORK_HEADER, offset, value.Length, NFT_REG_1).Compare(NFT_REG_1, NFT_CMP_NEQ, value);

    /// <summary>Only packets to an address of this machine.</summary>
    public NftRule LocalDestination()
    {
        using (Expression("fib"))
        {
            using var data = batch.Nested(NFTA_EXPR_DATA);
            batch.NetworkNumber(NFTA_FIB_DREG, NFT_REG_1);
            batch.NetworkNumber(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
            batch.NetworkNumber(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
        }

        return Compare(NFT_REG_1, NFT_CMP_EQ, HostBytes(RTN_LOCAL));
    }

    /// <summary>Only connections whose destination was rewritten.</summary>
    public NftRule DestinationNatted()
    {
        using (Expression("ct"))
        {
            using var data = batch.Nested(NFTA_EXPR_DATA);
            batch.NetworkNumber(NFTA_CT_KEY, NFT_CT_STATUS);
            batch.NetworkNumber(NFTA_CT_DREG, NFT_REG_1);
        }

        return Bitwise(NFT_REG_1, HostBytes(IPS_DST_NAT)).Compare(NFT_REG_1, NFT_CMP_NEQ, HostBytes(0));
    }

    public NftRule Meta(uint key, uint register)
    {
        using var expression = Expression("meta");
        using var data = batch.Nested(NFTA_EXPR_DATA);
        batch.NetworkNumber(NFTA_META_KEY, key);
        batch.NetworkNumber(NFTA_META_DREG, register);
        return this;
    }

    public NftRule Payload(uint header, int offset, int length, uint register)
    {
        using var expression = Expression("payload");
        using var data = batch.Nested(NFTA_EXPR_DATA);
        batch.NetworkNumber(NFTA_PAYLOAD_DREG, register);
        batch.NetworkNumber(NFTA_PAYLOAD_BASE, header);
        batch.NetworkNumber(NFTA_PAYLOAD_OFFSET, (uint)offset);
        batch.NetworkNumber(NFTA_PAYLOAD_LEN, (uint)length);
        return this;
    }

    /// <summary>Looks the bytes from <paramref name="keyRegister"/> on up in a map, puts its value to <paramref name="valueRegister"/>.</summary>
    public NftRule Lookup(string map, uint keyRegister, uint valueRegister)
    {
        using var expression = Expression("lookup");
        using var data = batch.Nested(NFTA_EXPR_DATA);
        batch.Text(NFTA_LOOKUP_SET, map);
        batch.NetworkNumber(NFTA_LOOKUP_SREG, keyRegister);
        batch.NetworkNumber(NFTA_LOOKUP_DREG, valueRegister);
        return this;
    }

    /// <summary>Rewrites destination address and port.</summary>
    public NftRule DestinationNat(byte family, uint addressRegister, uint portRegister)
    {
        using var expression = Expression("nat");
        using var data = batch.Nested(NFTA_EXPR_DATA);
        batch.NetworkNumber(NFTA_NAT_TYPE, NFT_NAT_DNAT);
        batch.NetworkNumber(NFTA_NAT_FAMILY, family);
        batch.NetworkNumber(NFTA_NAT_REG_ADDR_MIN, addressRegister);
        batch.NetworkNumber(NFTA_NAT_REG_PROTO_MIN, portRegister);
        return this;
    }

    /// <summary>Rewrites the source to the outgoing interface's address.</summary>
    public NftRule Masquerade()
    {
        using var expression = Expression("masq");
        return this;
    }

    public NftRule Drop()
    {
        using var expression = Expression("immediate");
        using var data = batch.Nested(NFTA_EXPR_DATA);
        batch.NetworkNumber(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
        using var value = batch.Nested(NFTA_IMMEDIATE_DATA);
        using var verdict = batch.Nested(NFTA_DATA_VERDICT);
        batch.NetworkNumber(NFTA_VERDICT_CODE, NF_DROP);
        return this;
    }

    private NftRule Compare(uint register, uint operation, ReadOnlySpan<byte> value)
    {
        using var expression = Expression("cmp");
        using var data = batch.Nested(NFTA_EXPR_DATA);
        batch.NetworkNumber(NFTA_CMP_SREG, register);
        batch.NetworkNumber(NFTA_CMP_OP, operation);
        using var nest = batch.Nested(NFTA_CMP_DATA);
        batch.Attribute(NFTA_DATA_VALUE, value);
        return this;
    }

    private NftRule Bitwise(uint register, ReadOnlySpan<byte> mask)
    {
        using var expression = Expression("bitwise");
        using var data = batch.Nested(NFTA_EXPR_DATA);
        batch.NetworkNumber(NFTA_BITWISE_SREG, register);
        batch.NetworkNumber(NFTA_BITWISE_DREG, register);
        batch.NetworkNumber(NFTA_BITWISE_LEN, (uint)mask.Length);
        using (batch.Nested(NFTA_BITWISE_MASK))
        {
            batch.Attribute(NFTA_DATA_VALUE, mask);
        }

        using var xor = batch.Nested(NFTA_BITWISE_XOR);
        batch.Attribute(NFTA_DATA_VALUE, new byte[mask.Length]);
        return this;
    }

    private NetlinkBatch.Nest Expression(string name)
    {
        var nest = batch.Nested(NFTA_LIST_ELEM);
        batch.Text(NFTA_EXPR_NAME, name);
        return nest;
    }

    private static byte[] NameBytes(string name)
    {
        var bytes = new byte[InterfaceNameBytes];
        System.Text.Encoding.ASCII.GetBytes(name, bytes.AsSpan(0, InterfaceNameBytes - 1));
        return bytes;
    }

    private static byte[] HostBytes(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        MemoryMarshal.Write(bytes, value);
        return bytes;
    }
}
