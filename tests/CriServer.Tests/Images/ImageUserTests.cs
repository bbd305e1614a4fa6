using CriShim.CriServer.Images;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Tests.Images;

public class ImageUserTests
{
    [Theory]
    [InlineData(null, null, "")]
    [InlineData("", null, "")]
    [InlineData("1002", 1002L, "")]
    [InlineData("1003:users", 1003L, "")]
    [InlineData("www-data", null, "www-data")]
    [InlineData("www-data:100", null, "www-data")]
    [InlineData("2147483647", 2147483647L, "")]
    [InlineData("-1", null, "-1")]
    public void Parse_User_IsNumberOrName(string? text, long? uid, string name) => Assert.Equal(new ImageUser(uid, name), ImageUser.Parse(text));

    [Theory]
    [InlineData("2147483648")]
    [InlineData("4294967296:0")]
    [InlineData("99999999999999999999")]
    public void Parse_NumberOutOfRange_IsRefused(string text) => Assert.Throws<ContentException>(() => ImageUser.Parse(text));
}
