using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Tests.Containers;

public sealed class StateStoreTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("crishim-state-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Load_WhatWasSaved_IsTheSame()
    {
        var store = new StateStore(_root);
        var state = StateOf("a", 4711, 99);
        store.Reserve("a");

        store.Save(state, "{}"u8);

        Assert.Equivalent(state, store.Load("a"), strict: true);
        Assert.Equal(["a"], store.List().Select(item => item.Id));
    }

    [Fact]
    public void Remove_OneOfSimilarIds_LeavesTheOthers()
    {
        var store = new StateStore(_root);
        string[] ids = [".a", "a", "a.state.json", "a.config.json", "a.gate"];
        foreach (var id in ids)
        {
            store.Reserve(id);
            store.Save(StateOf(id, 4711, 99), "{}"u8);
        }

        store.Remove(".a");

        Assert.Equal(ids[1..].Order(StringComparer.Ordinal), store.List().Select(item => item.Id));
        Assert.All(ids[1..], id => Assert.Equal(id, store.Load(id).Id));
        Assert.All(ids[1..], store.Remove);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public void Reserve_WithoutAState_IsNoContainer()
    {
        var store = new StateStore(_root);
        store.Reserve("a");

        Assert.False(store.Exists("a"));
        Assert.Empty(store.List());
    }

    [Fact]
    public void Reserve_Twice_IsRefused()
    {
        var store = new StateStore(_root);
        store.Reserve("a");

        Assert.Equal(RuntimeErrorKind.AlreadyExists, Assert.Throws<RuntimeException>(() => store.Reserve("a")).Error.Kind);
    }

    [Fact]
    public void RemoveLeftover_WhileMadeAndAfter_FreesOnlyWhatWasLeft()
    {
        var store = new StateStore(_root);
        using (store.Reserve("a"))
        {
            store.RemoveLeftover("a");
            Assert.Throws<RuntimeException>(() => store.Reserve("a"));
        }

        store.RemoveLeftover("a");
        store.Reserve("a").Dispose();
        store.Save(StateOf("a", 4711, 99), "{}"u8);
        store.RemoveLeftover("a");

        Assert.True(store.Exists("a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("@seccomp")]
    public void Reserve_IdThatIsNoName_IsRefused(string id) => Assert.Throws<RuntimeException>(() => new StateStore(_root).Reserve(id));

    [Fact]
    public void StatusOf_OwnProcess_IsRunning()
    {
        var stat = ProcStat.Read(Environment.ProcessId)!.Value;

        Assert.Equal("running", new StateStore(_root).StatusOf(StateOf("a", Environment.ProcessId, stat.StartTime)));
    }

    [Fact]
    public void StatusOf_PidOfAnotherProcess_IsStopped() =>
        Assert.Equal("stopped", new StateStore(_root).StatusOf(StateOf("a", Environment.ProcessId, 1)));

    private static ContainerState StateOf(string id, int pid, ulong startTime) =>
        new(id, pid, startTime, "/bundle", "/bundle/rootfs", "/cgroup", 5, "_ses.a", new Dictionary<string, string> { ["k"] = "v" });
}
