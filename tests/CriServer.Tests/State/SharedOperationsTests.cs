using CriShim.CriServer.State;

namespace CriShim.CriServer.Tests.State;

public sealed class SharedOperationsTests
{
    private readonly SharedOperations<string, int> _operations = new();

    [Fact]
    public async Task RunAsync_SameKey_JoinsTheOneThatRuns()
    {
        var gate = new TaskCompletionSource<int>();
        var runs = 0;
        Task<int> Work()
        {
            Interlocked.Increment(ref runs);
            return gate.Task;
        }

        var first = _operations.RunAsync("k", Work, CancellationToken.None);
        var second = _operations.RunAsync("k", Work, CancellationToken.None);
        gate.SetResult(7);
        var results = await Task.WhenAll(first, second);
        Assert.Equal([7, 7], results);
        Assert.Equal((1, 0), (runs, _operations.Count));
    }

    [Fact]
    public async Task RunAsync_CallerLeaves_WorkGoesOnAndItsStageIsTold()
    {
        var gate = new TaskCompletionSource<int>();
        var staged = new TaskCompletionSource();
        using var caller = new CancellationTokenSource();
        Task<int> Work(OperationStage stage)
        {
            stage.Name = "connecting its network";
            staged.SetResult();
            return gate.Task;
        }

        var first = _operations.RunAsync("k", Work, caller.Token);
        await staged.Task;
        await caller.CancelAsync();
        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => first);
        Assert.Contains("connecting its network", error.Message, StringComparison.Ordinal);
        var retry = _operations.RunAsync("k", () => Task.FromResult(0), CancellationToken.None);
        gate.SetResult(7);
        Assert.Equal(7, await retry);
    }
}
