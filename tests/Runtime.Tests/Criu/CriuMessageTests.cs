using CriShim.Runtime.Criu;

namespace CriShim.Runtime.Tests.Criu;

/// <summary>criu's messages: bytes as protobuf's encoding has them.</summary>
public sealed class CriuMessageTests
{
    [Fact]
    public void Write_EveryKind_IsAsTheEncodingHasIt()
    {
        var inner = new ProtoWriter().Text(1, "a").Number(2, 300);

        var message = new ProtoWriter().Number(1, 2).Switch(3, true).Switch(4, false).Text(5, null).Message(23, inner).ToArray();

        Assert.Equal([0x08, 2, 0x18, 1, 0xBA, 0x01, 6, 0x0A, 1, (byte)'a', 0x10, 0xAC, 0x02], message);
    }

    [Fact]
    public void Read_Notification_HasStepAndPid()
    {
        var notify = new ProtoWriter().Text(1, "post-restore").Number(2, 1234);

        var answer = CriuAnswer.Read(new ProtoWriter().Number(1, 6).Number(2, 1).Message(5, notify).ToArray());

        Assert.Equal(new CriuAnswer(true, 1234, "post-restore", null), answer);
    }

    [Fact]
    public void Read_Restored_HasThePid()
    {
        var answer = CriuAnswer.Read(new ProtoWriter().Number(1, 2).Number(2, 1).Message(4, new ProtoWriter().Number(1, 70000)).ToArray());

        Assert.Equal(new CriuAnswer(true, 70000, null, null), answer);
    }

    [Fact]
    public void Read_Failure_HasTheReason()
    {
        Assert.Equal("errno 22", CriuAnswer.Read(new ProtoWriter().Number(1, 1).Number(2, 0).Number(7, 22).ToArray()).Error);
        Assert.Equal("why", CriuAnswer.Read(new ProtoWriter().Number(1, 1).Number(2, 0).Number(7, 22).Text(9, "why").ToArray()).Error);
    }

    [Fact]
    public void Read_Version_HasItsParts()
    {
        var version = new ProtoWriter().Number(1, 4).Number(2, 2).Text(3, "v4.2.1").Number(4, 1);

        Assert.Equal(new Version(4, 2, 1), CriuAnswer.Read(new ProtoWriter().Number(1, 10).Number(2, 1).Message(10, version).ToArray()).Version);
    }

    [Fact]
    public void Read_Features_HasThoseThatAreThere()
    {
        var features = new ProtoWriter().Number(1, 0).Number(2, 1);

        var answer = CriuAnswer.Read(new ProtoWriter().Number(1, 9).Number(2, 1).Message(8, features).ToArray());

        Assert.Equal(1 << CriuFeatures.LazyPages, answer.Features);
    }

    [Theory]
    [InlineData(new byte[] { 0x0A, 5, 1 })]
    [InlineData(new byte[] { 0x08 })]
    [InlineData(new byte[] { 0x0B })]
    [InlineData(new byte[] { 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    public void Read_Damaged_Throws(byte[] message) => Assert.Throws<FormatException>(() => CriuAnswer.Read(message));
}
