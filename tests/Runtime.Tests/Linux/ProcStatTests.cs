using CriShim.Linux;

namespace CriShim.Runtime.Tests.Linux;

public sealed class ProcStatTests
{
    [Fact]
    public void Parse_NameWithBracketsAndSpaces_CountsFieldsBehindIt()
    {
        var stat = ProcStat.Parse("12 (a) R (b) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20\n"u8);

        Assert.Equal(new ProcStat('Z', 4711), stat);
        Assert.False(stat.IsAlive);
    }

    [Fact]
    public void Read_OwnProcess_IsAlive() => Assert.True(ProcStat.Read(Environment.ProcessId)!.Value.IsAlive);

    [Fact]
    public void Read_NoSuchProcess_IsNull() => Assert.Null(ProcStat.Read(int.MaxValue));
}
