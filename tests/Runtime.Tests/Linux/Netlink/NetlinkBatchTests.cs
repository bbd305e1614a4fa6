using System.Runtime.InteropServices;
using CriShim.Linux.Netlink;
using static CriShim.Linux.LibC.NetlinkSockets;

namespace CriShim.Runtime.Tests.Linux.Netlink;

public class NetlinkBatchTests
{
    private static byte[] Build(Action<NetlinkBatch> fill)
    {
        var batch = new NetlinkBatch();
        fill(batch);
        return batch.Seal(7).ToArray();
    }

    [Fact]
    public void Begin_TwoMessages_LengthsAndSequencesAreSet()
    {
        var bytes = Build(batch =>
        {
            batch.Begin(16, NLM_F_ACK, "first");
            batch.Byte(1, 5);
            batch.Begin(17, 0, "second");
        });

        var first = MemoryMarshal.Read<nlmsghdr>(bytes);
        Assert.Equal(24u, first.nlmsg_len);
        Assert.Equal(16, first.nlmsg_type);
        Assert.Equal(NLM_F_REQUEST | NLM_F_ACK, first.nlmsg_flags);
        Assert.Equal(7u, first.nlmsg_seq);
        var second = MemoryMarshal.Read<nlmsghdr>(bytes.AsSpan(24));
        Assert.Equal(16u, second.nlmsg_len);
        Assert.Equal(8u, second.nlmsg_seq);
    }

    [Fact]
    public void Attribute_OddPayload_IsPaddedButItsLengthIsNot()
    {
        var bytes = Build(batch =>
        {
            batch.Begin(16, 0, "x");
            batch.Attribute(3, [1, 2, 3, 4, 5]);
            batch.Number(4, 0x01020304);
        });

        Assert.Equal(new byte[] { 9, 0, 3, 0, 1, 2, 3, 4, 5, 0, 0, 0 }, bytes[16..28]);
        Assert.Equal(new byte[] { 8, 0, 4, 0, 4, 3, 2, 1 }, bytes[28..]);
    }

    [Fact]
    public void NetworkNumber_Value_IsBigEndian()
    {
        var bytes = Build(batch =>
        {
            batch.Begin(16, 0, "x");
            batch.NetworkNumber(4, 0x01020304);
        });

        Assert.Equal(new byte[] { 1, 2, 3, 4 }, bytes[20..]);
    }

    [Fact]
    public void Nested_TwoLevels_LengthsCoverTheirContent()
    {
        var bytes = Build(batch =>
        {
            batch.Begin(16, 0, "x");
            using var outer = batch.Nested(18);
            batch.Text(1, "veth");
            using var inner = batch.Nested(2);
            batch.Byte(1, 1);
        });

        Assert.Equal(4 + 12 + 4 + 8, MemoryMarshal.Read<ushort>(bytes.AsSpan(16)));
        Assert.Equal(18 | NLA_F_NESTED, MemoryMarshal.Read<ushort>(bytes.AsSpan(18)));
        Assert.Equal(12, MemoryMarshal.Read<ushort>(bytes.AsSpan(32)));
    }

    /// <summary>CVE-2021-43784: a length that does not fit into 16 bits must not wrap around.</summary>
    [Fact]
    public void Attribute_LongerThan16Bits_Throws()
    {
        var batch = new NetlinkBatch();
        batch.Begin(16, 0, "x");

        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Attribute(1, new byte[65532]));
        batch.Attribute(1, new byte[65531]);
    }

    [Fact]
    public void Nested_LongerThan16Bits_Throws()
    {
        var batch = new NetlinkBatch();
        batch.Begin(16, 0, "x");

        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            using var nest = batch.Nested(1);
            batch.Attribute(1, new byte[40000]);
            batch.Attribute(2, new byte[40000]);
        });
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public void Text_ControlCharacter_Throws(string text)
    {
        var batch = new NetlinkBatch();
        batch.Begin(16, 0, "x");

        Assert.Throws<ArgumentException>(() => batch.Text(1, text));
    }

    [Fact]
    public void Next_AttributeBeyondItsSurroundings_Ends()
    {
        var attributes = new NetlinkAttributes([8, 0, 1, 0, 1, 0, 0, 0, 200, 0, 2, 0]);

        Assert.True(attributes.Next());
        Assert.Equal(1, attributes.Type);
        Assert.Equal(1u, attributes.Number);
        Assert.False(attributes.Next());
    }

    [Theory]
    [InlineData("")]
    [InlineData("sixteen-letters!")]
    public void SetUp_BadInterfaceName_Throws(string name) =>
        Assert.Throws<ArgumentException>(() => RtnetlinkLink.SetUp(new NetlinkBatch(), name));

    [Fact]
    public void List_ThisMachine_HasLoopback()
    {
        using var socket = NetlinkSocket.Open(NETLINK_ROUTE);

        var loopback = Assert.Single(RtnetlinkLink.List(socket), link => link.Name == "lo");
        Assert.Equal(loopback.Index, RtnetlinkLink.Find(socket, "lo")?.Index);
        Assert.Null(RtnetlinkLink.Find(socket, "no-such-link"));
    }

    [Fact]
    public void Concatenate_Types_PacksSixBitsEach() =>
        Assert.Equal((12u << 6) | 13u, NftMapType.Concatenate(NftMapType.Protocol, NftMapType.Port));
}
