using CriShim.CriServer.State;

namespace CriShim.CriServer.Tests.State;

public sealed class SerialOperationsTests
{
    [Fact]
    public async Task RunAsync_SameObject_OneAfterTheOther()
    {
        var operations = new SerialOperations();
        var order = new List<int>();
        using var gate = new ManualResetEventSlim();
        var first = operations.RunAsync("a", () =>
        {
            gate.Wait(TimeSpan.FromSeconds(10));
            order.Add(1);
        });
        var second = operations.RunAsync("a", () => order.Add(2));
        await operations.RunAsync("b", () => { });
        Assert.False(second.IsCompleted);
        gate.Set();
        await Task.WhenAll(first, second);
        Assert.Equal([1, 2], order);
    }

    [Fact]
    public async Task RunAsync_AfterAFailure_RunsAllTheSame()
    {
        var operations = new SerialOperations();
        await Assert.ThrowsAsync<InvalidOperationException>(() => operations.RunAsync("a", () => throw new InvalidOperationException()));
        var ran = false;
        await operations.RunAsync("a", () => ran = true);
        Assert.True(ran);
    }
}
