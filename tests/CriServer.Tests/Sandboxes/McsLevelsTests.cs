using CriShim.CriServer.Sandboxes;

namespace CriShim.CriServer.Tests.Sandboxes;

public sealed class McsLevelsTests
{
    [Fact]
    public void Allocate_ManyTimes_GivesPairsThatNobodyHas()
    {
        var levels = new McsLevels(() => []);
        var given = Enumerable.Range(0, 2000).Select(_ => levels.Allocate()).ToList();
        Assert.Equal(given.Count, given.Distinct().Count());
        Assert.All(given, level => Assert.Matches("^s0:c[0-9]{1,4},c[0-9]{1,4}$", level));
    }

    [Fact]
    public void Allocate_LevelOfAPod_IsNotGivenAgain()
    {
        var taken = new List<string?>();
        var levels = new McsLevels(() => taken);
        for (var i = 0; i < 500; i++)
        {
            var level = levels.Allocate();
            Assert.DoesNotContain(level, taken);
            taken.Add(level);
            levels.Settle(level);
        }
    }
}
