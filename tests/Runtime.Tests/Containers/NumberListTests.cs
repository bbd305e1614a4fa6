using CriShim.Runtime.Containers;

namespace CriShim.Runtime.Tests.Containers;

public sealed class NumberListTests
{
    [Theory]
    [InlineData("0", new byte[] { 1, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData("0-3,7", new byte[] { 0x8F, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData("8, 9", new byte[] { 0, 3, 0, 0, 0, 0, 0, 0 })]
    [InlineData("64", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 })]
    public void ToMask_List_SetsItsBits(string list, byte[] expected) => Assert.Equal(expected, NumberList.ToMask(list));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("3-1")]
    [InlineData("1-2-3")]
    [InlineData("-1")]
    [InlineData("8192")]
    [InlineData("99999999999")]
    public void ToMask_NoList_IsNull(string text) => Assert.Null(NumberList.ToMask(text));
}
