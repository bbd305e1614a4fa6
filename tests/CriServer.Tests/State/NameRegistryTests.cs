using CriShim.CriServer.State;

namespace CriShim.CriServer.Tests.State;

public sealed class NameRegistryTests
{
    private readonly NameRegistry _names = new();

    [Fact]
    public void Reserve_Taken_TellsTheOwner()
    {
        Assert.Equal("1", _names.Reserve("pod", "1"));
        Assert.Equal("1", _names.Reserve("pod", "2"));
    }

    [Fact]
    public void Release_ByOwner_FreesTheName()
    {
        _names.Reserve("pod", "1");
        _names.Release("pod", "1");
        Assert.Equal("2", _names.Reserve("pod", "2"));
    }

    [Fact]
    public void Release_ByAnother_DoesNothing()
    {
        _names.Reserve("pod", "1");
        _names.Release("pod", "2");
        Assert.Equal("1", _names.Reserve("pod", "3"));
    }
}
