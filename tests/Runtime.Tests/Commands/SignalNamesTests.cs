using CriShim.Runtime.Commands;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Tests.Commands;

public sealed class SignalNamesTests
{
    [Theory]
    [InlineData("0", 0)] // is there a process?
    [InlineData("9", 9)]
    [InlineData("64", 64)]
    [InlineData("SIGTERM", 15)]
    [InlineData("term", 15)]
    [InlineData("SYS", 31)]
    [InlineData("SIGRTMIN", 34)]
    [InlineData("RTMIN+3", 37)]
    [InlineData("RTMAX-1", 63)]
    public void Parse_NameOrNumber_IsTheSignal(string text, int signal) => Assert.Equal(signal, SignalNames.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("65")]
    [InlineData("NONSENSE")]
    [InlineData("RTMIN+31")]
    [InlineData("SIGSIGTERM")]
    public void Parse_NoSignal_Fails(string text) =>
        Assert.Contains("unknown signal", Assert.Throws<RuntimeException>(() => SignalNames.Parse(text)).Message, StringComparison.Ordinal);
}
