using CriShim.Cgroups;
using CriShim.Runtime.Tests.Fakes;

namespace CriShim.Runtime.Tests.Cgroups;

public sealed class OomWitnessTests : IDisposable
{
    private readonly RecordingFolder _parent = new();

    private string Own => _parent.Path + "/own.scope";

    public void Dispose() => _parent.Dispose();

    [Fact]
    public void KillCount_KilledAndGoneAtOnce_IsTheParentsRise()
    {
        using var witness = Begin(parentKills: 3);
        RemoveOwn();
        SetParent(4);
        Assert.Equal((1, true), (witness.KillCount(), witness.IsOver));
    }

    [Fact]
    public void KillCount_GoneWithoutAKill_IsNone()
    {
        using var witness = Begin(parentKills: 3);
        RemoveOwn();
        Assert.Equal((0, true), (witness.KillCount(), witness.IsOver));
    }

    [Fact]
    public void KillCount_SiblingWasKilledWhileItWasThere_IsNotCounted()
    {
        using var witness = Begin(parentKills: 0);
        SetParent(5);
        Assert.Equal((0, false), (witness.KillCount(), witness.IsOver));
        RemoveOwn();
        Assert.Equal(0, witness.KillCount());
    }

    [Fact]
    public void KillCount_SeenBeforeItIsGone_IsKept()
    {
        using var witness = Begin(parentKills: 0);
        SetParent(2);
        SetOwn(2);
        Assert.Equal(2, witness.KillCount());
        RemoveOwn();
        Assert.Equal(2, witness.KillCount());
    }

    [Fact]
    public void KillCount_SiblingIsKilledAfterItsEnd_StaysTheSame()
    {
        using var witness = Begin(parentKills: 0);
        RemoveOwn();
        Assert.Equal(0, witness.KillCount());
        SetParent(1);
        Assert.Equal(0, witness.KillCount());
    }

    [Fact]
    public void Begin_ParentCountsNothing_IsNull() => Assert.Null(OomWitness.Begin(Own));

    private OomWitness Begin(int parentKills)
    {
        SetParent(parentKills);
        Directory.CreateDirectory(Own);
        SetOwn(0);
        return OomWitness.Begin(Own)!;
    }

    private void SetParent(int kills) => _parent.With("memory.events", $"low 0\nhigh 0\nmax 7\noom {kills}\noom_kill {kills}\noom_group_kill 0\n");

    private void SetOwn(int kills) => File.WriteAllText(Own + "/memory.events", $"max 7\noom {kills}\noom_kill {kills}\n");

    private void RemoveOwn() => Directory.Delete(Own, recursive: true);
}
