using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Errors;

public sealed class RollbackTests
{
    private readonly List<string> _undone = [];

    [Fact]
    public async Task UndoAsync_RunsLastInFirstOut()
    {
        var rollback = new Rollback();
        rollback.Add("a", () => _undone.Add("a"));
        rollback.Add("b", () => _undone.Add("b"));
        Assert.Null(await rollback.UndoAsync());
        Assert.Equal(["b", "a"], _undone);
    }

    [Fact]
    public async Task UndoAsync_OneFails_RunsTheRestAndTells()
    {
        var rollback = new Rollback();
        rollback.Add("a", () => _undone.Add("a"));
        rollback.Add("b", () => throw new IOException("disk"));
        rollback.Add("c", () => throw new IOException("net"));
        var failures = await rollback.UndoAsync();
        Assert.Equal(2, failures?.InnerExceptions.Count);
        Assert.Equal(["a"], _undone);
    }

    [Fact]
    public async Task UndoAsync_AfterCommit_DoesNothing()
    {
        var rollback = new Rollback();
        rollback.Add("a", () => _undone.Add("a"));
        rollback.Commit();
        Assert.Null(await rollback.UndoAsync());
        Assert.Empty(_undone);
    }

    [Fact]
    public async Task UndoAsync_TakesTooLong_TokenFires()
    {
        var time = new FakeTime();
        var rollback = new Rollback(time);
        rollback.Add("a", token =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            token.ThrowIfCancellationRequested();
            return Task.CompletedTask;
        });
        Assert.NotNull(await rollback.UndoAsync());
    }
}
