using CriShim.CriServer.RuntimeClient;

namespace CriShim.CriServer.Tests.RuntimeClient;

public sealed class ArrivalRateTests
{
    [Fact]
    public void IsFastAtPause_SmallAnswersQuickly_NeverIs()
    {
        var rate = new ArrivalRate();
        for (var i = 0; i < 1000; i++)
        {
            rate.Add(10);
            Assert.False(rate.IsFastAtPause());
        }
    }

    [Fact]
    public void IsFastAtPause_ManyLargePieces_IsUntilAPauseBringsLittle()
    {
        var rate = new ArrivalRate();
        Assert.Contains(Enumerable.Range(0, 10_000).Select(_ => AddAndAsk(rate, 32 * 1024)), isFast => isFast);
        Assert.True(AddAndAsk(rate, 100 * 1024));
        Assert.False(AddAndAsk(rate, 10));
        Assert.False(AddAndAsk(rate, 10));
    }

    private static bool AddAndAsk(ArrivalRate rate, int bytes)
    {
        rate.Add(bytes);
        return rate.IsFastAtPause();
    }
}
