using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Pods;

public sealed class ChurnTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const int Pods = 200;
    private const int AtOnce = 8;

    [Fact]
    public async Task PodLife_200Times8AtOnce_NoFailureNoLeakNoGrowth()
    {
        await LivesAsync(40);
        var before = ResidentKilobytes();
        await LivesAsync(Pods);
        var grown = (ResidentKilobytes() - before) / 1024.0;
        Assert.True(grown <= 10, $"the server grew by {grown:F1} MB");
        Assert.Empty((await fixture.Client.RuntimeAsync<ListPodSandboxResponse>(new ListPodSandboxRequest())).Items);
        Assert.Empty((await fixture.Client.RuntimeAsync<ListContainersResponse>(new ListContainersRequest())).Containers);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(fixture.Server.State, "containers")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(fixture.Server.State, "sandboxes")));
    }

    private Task LivesAsync(int count) => Parallel.ForEachAsync(
        Enumerable.Range(0, count),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
        async (i, _) =>
        {
            var pod = await fixture.RunAsync(fixture.Pod(i % 2 == 0 ? NamespaceMode.Node : NamespaceMode.Pod), "/bin/sh", "-c", "echo up; exec sleep 1000");
            Assert.Equal("hello\n", await fixture.OutputAsync(pod.Container, "echo", "hello"));
            await fixture.StopAsync(pod.Container);
            await fixture.RemoveAsync(pod.Container);
            await pod.DisposeAsync();
        });

    private long ResidentKilobytes() => MemoryFigures.Kilobytes(fixture.Server.ProcessId, "Rss");
}
