using CriShim.Runtime.Criu;

namespace CriShim.Runtime.Tests.Criu;

public sealed class CriuLogTests
{
    [Fact]
    public void FindCause_Errors_AreTheLastWithoutTheGeneralOne() =>
        Assert.Equal("(00.2) Error (criu/b.c:2): second; (00.3) Error (criu/c.c:3): third; (00.4) Error (criu/d.c:4): fourth", CriuLog.FindCause(
        [
            "(00.1) Error (criu/a.c:1): first", "(00.1) Warn  (criu/w.c:1): odd", "(00.2) Error (criu/b.c:2): second", "(00.3) Error (criu/c.c:3): third ",
            "(00.4) Error (criu/d.c:4): fourth", "(00.5) Error (criu/cr-dump.c:2111): Dumping FAILED.",
        ]));

    [Fact]
    public void FindCause_OnlyAWarning_IsThat() => Assert.Equal(
        "(00.2) Warn  (criu/w.c:2): odder",
        CriuLog.FindCause(["(00.1) Warn  (criu/w.c:1): odd", "(00.2) Warn  (criu/w.c:2): odder", "(00.5) Error (criu/cr-dump.c:2111): Dumping FAILED."]));

    [Fact]
    public void FindCause_Nothing_IsNull()
    {
        Assert.Null(CriuLog.FindCause(["(00.1) fine"]));
        Assert.Null(CriuLog.FindCause("/nosuch/dump.log"));
    }
}
