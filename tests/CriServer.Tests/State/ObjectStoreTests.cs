using CriShim.CriServer.Errors;
using CriShim.CriServer.State;

namespace CriShim.CriServer.Tests.State;

public sealed class ObjectStoreTests
{
    private readonly List<Item> _recorded = [];
    private readonly ObjectStore<Item> _store;

    public ObjectStoreTests() => _store = new ObjectStore<Item>("item", i => i.Id, _recorded.Add);

    private sealed record Item(string Id, int Value = 0);

    [Fact]
    public void Find_UniquePrefix_GivesObject()
    {
        _store.Add(new Item("abc1"));
        _store.Add(new Item("abd2"));
        Assert.Equal("abd2", _store.Find("abd")?.Id);
    }

    [Fact]
    public void Find_AmbiguousPrefix_IsInvalid()
    {
        _store.Add(new Item("abc1"));
        _store.Add(new Item("abd2"));
        Assert.Equal(CriErrorKind.InvalidArgument, Assert.Throws<CriException>(() => _store.Find("ab")).Kind);
    }

    [Fact]
    public void Find_WholeIdThatIsAlsoAPrefix_GivesIt()
    {
        _store.Add(new Item("ab"));
        _store.Add(new Item("abc"));
        Assert.Equal("ab", _store.Find("ab")?.Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    public void Get_Missing_NotFound(string id)
    {
        _store.Add(new Item("abc"));
        Assert.Equal(CriErrorKind.NotFound, Assert.Throws<CriException>(() => _store.Get(id)).Kind);
    }

    [Fact]
    public void Update_Change_IsRecordedBeforeItIsSeen()
    {
        var store = default(ObjectStore<Item>)!;
        var seen = -1;
        store = new ObjectStore<Item>("item", i => i.Id, i => seen = store.Find(i.Id)?.Value ?? 0);
        store.Add(new Item("a", 1));
        Assert.Equal(2, store.Update("a", i => i with { Value = 2 })?.Value);
        Assert.Equal(1, seen);
    }

    [Fact]
    public void Update_SameObject_IsNotRecorded()
    {
        _store.Add(new Item("a"));
        _store.Update("a", i => i);
        Assert.Single(_recorded);
    }

    [Fact]
    public void Update_AfterRemove_DoesNothing()
    {
        _store.Add(new Item("a"));
        _store.Remove("a");
        Assert.Null(_store.Update("a", i => i with { Value = 1 }));
        Assert.Single(_recorded);
    }
}
