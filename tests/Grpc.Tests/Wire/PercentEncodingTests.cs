using CriShim.GrpcServer.Wire;

namespace CriShim.GrpcServer.Tests.Wire;

public class PercentEncodingTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain ~text!", "plain ~text!")]
    [InlineData("100%", "100%25")]
    [InlineData("a\nb\r\tc\u007f", "a%0Ab%0D%09c%7F")]
    [InlineData("é✓🚢", "%C3%A9%E2%9C%93%F0%9F%9A%A2")]
    public void Encode_Text_IsPrintableAscii(string text, string expected)
    {
        Assert.Equal(expected, PercentEncoding.Encode(text));
        Assert.Equal(text, Uri.UnescapeDataString(expected));
    }

    [Fact]
    public void Encode_LoneSurrogate_BecomesTheReplacementCharacter() => Assert.Equal("x%EF%BF%BD", PercentEncoding.Encode("x\ud800"));
}
