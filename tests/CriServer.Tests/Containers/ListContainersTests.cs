using CriShim.Cri.V1;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Containers;

public sealed class ListContainersTests
{
    private readonly ContainerStore _store = new(_ => { });
    private readonly ListContainers _list;

    public ListContainersTests()
    {
        _list = new ListContainers(_store);
        var running = ContainerWorld.NewContainer('a');
        running.Config.Labels.Add("app", "web");
        _store.Add(running);
        _store.Add(ContainerWorld.NewContainer('b', started: false));
    }

    [Fact]
    public void Execute_NoFilter_ListsAll() => Assert.Equal(2, _list.Execute(null).Count());

    [Theory]
    [InlineData("aaa", 1)]
    [InlineData("c", 0)]
    [InlineData("", 2)]
    public void Execute_IdPrefix_Filters(string id, int count) => Assert.Equal(count, _list.Execute(new ContainerFilter { Id = id }).Count());

    [Fact]
    public void Execute_State_ZeroIsNotAbsent() =>
        Assert.Equal('b', _list.Execute(new ContainerFilter { State = new ContainerStateValue() }).Single().Id[0]);

    [Fact]
    public void Execute_LabelAndSandbox_AreBothAsked()
    {
        var filter = new ContainerFilter { PodSandboxId = "555", LabelSelector = { { "app", "web" } } };
        Assert.Equal('a', _list.Execute(filter).Single().Id[0]);
        filter.LabelSelector["app"] = "other";
        Assert.Empty(_list.Execute(filter));
    }
}
