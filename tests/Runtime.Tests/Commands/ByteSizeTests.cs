using CriShim.Runtime.Commands;

namespace CriShim.Runtime.Tests.Commands;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("-1", -1)]
    [InlineData("0", 0)]
    [InlineData("1048576", 1048576)]
    [InlineData("512b", 512)]
    [InlineData("512k", 524288)]
    [InlineData("64M", 67108864)]
    [InlineData("1.5g", 1610612736)]
    [InlineData("2GiB", 2147483648)]
    public void TryParse_Size_IsBytes(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-2")]
    [InlineData("1x")]
    [InlineData("99999999999p")]
    public void TryParse_NoSize_IsFalse(string text) => Assert.False(ByteSize.TryParse(text, out _));
}
