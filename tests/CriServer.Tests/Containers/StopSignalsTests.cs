using CriShim.Cri.V1;
using CriShim.CriServer.Containers;

namespace CriShim.CriServer.Tests.Containers;

public sealed class StopSignalsTests
{
    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("term", 15)]
    [InlineData("9", 9)]
    [InlineData("SIGRTMIN+3", 37)]
    [InlineData("SIGRTMAX-1", 63)]
    [InlineData("RTMIN", 34)]
    [InlineData("SIGNOTHING", null)]
    [InlineData("65", null)]
    [InlineData("RTMIN+40", null)]
    [InlineData("", null)]
    public void Parse_Text_GivesNumber(string text, int? number) => Assert.Equal(number, StopSignals.Parse(text));

    [Theory]
    [InlineData(Signal.Sigquit, "SIGINT", 3)]
    [InlineData(Signal.RuntimeDefault, "SIGINT", 2)]
    [InlineData(Signal.RuntimeDefault, "nonsense", 15)]
    [InlineData(Signal.RuntimeDefault, null, 15)]
    public void Choose_ClientThenImageThenDefault(Signal requested, string? image, int number) =>
        Assert.Equal(number, StopSignals.Choose(requested, image));

    [Fact]
    public void Choose_EveryCriSignal_HasANumberThatLeadsBack()
    {
        foreach (var signal in Enum.GetValues<Signal>().Where(s => s != Signal.RuntimeDefault))
        {
            var number = StopSignals.Choose(signal, "SIGKILL");
            Assert.Equal(number, StopSignals.Choose(StopSignals.ToCri(number), null));
        }
    }
}
