using System.Globalization;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>Removal of images that are in use or asked for by many at once, and what the server says of its disk.</summary>
public sealed class ImageLifeTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Remove_UsedByAContainer_TheContainerKeepsItsFiles()
    {
        await using (var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000"))
        {
            var status = await fixture.StatusAsync(pod.Container);
            await RemoveAsync(fixture.Image);
            Assert.Null(await FindAsync(fixture.Image));
            Assert.Contains("nobody", await fixture.OutputAsync(pod.Container, "cat", "/etc/passwd"));
            Assert.Equal(status, await fixture.StatusAsync(pod.Container));
            await fixture.Server.RestartAsync();
            await Eventually.GetAsync(() => fixture.StatusAsync(pod.Container), s => s.State == ContainerState.ContainerRunning);
            Assert.Contains("nobody", await fixture.OutputAsync(pod.Container, "cat", "/etc/passwd"));
        }

        await Eventually.TrueAsync(() => !Directory.EnumerateFileSystemEntries(Path.Combine(fixture.Server.Root, "layers")).Any());
        await fixture.PullAsync(fixture.Image);
    }

    [Fact]
    public async Task Remove_ManyAtOnceAndWhilePulled_AllSucceedAndTheLastPullIsWhole()
    {
        for (var round = 0; round < 5; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 10).Select(i => i % 3 == 0 ? fixture.PullAsync(fixture.Image) : RemoveAsync(fixture.Image)));
        }

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => RemoveAsync(fixture.Image)));
        Assert.Null(await FindAsync(fixture.Image));
        await fixture.PullAsync(fixture.Image);
        await using var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "exit 3");
        Assert.Equal(3, (await fixture.WaitForExitAsync(pod.Container)).ExitCode);
    }

    [Fact]
    public async Task FsInfo_PulledAndWritten_AgreesWithDu()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "dd if=/dev/zero of=/big bs=1M count=5 && touch /a /b && sleep 1000");
        Command.Output("sync", "-f", fixture.Server.Root);
        var info = await InfoAsync();
        AssertNear(DiskUsage("layers") + DiskUsage("images/blobs"), info.ImageFilesystems.Single().UsedBytes.Value);
        await Eventually.GetAsync(InfoAsync, i => i.ContainerFilesystems.Single().UsedBytes.Value > 5 << 20);
        info = await InfoAsync();
        AssertNear(DiskUsage("snapshots"), info.ContainerFilesystems.Single().UsedBytes.Value);
        AssertNear(DiskUsage("snapshots", "--inodes"), info.ContainerFilesystems.Single().InodesUsed.Value);
        Assert.Equal(fixture.Server.Root, info.ImageFilesystems.Single().FsId.Mountpoint);
    }

    [Fact]
    public async Task Create_FromAnArtifact_SaysThatThereIsNothingToRun()
    {
        await ImageBuilder.PushArtifactAsync(fixture.Registry.Host, "test/artifact", "1", "application/x-model", ("model.bin", new byte[100_000]));
        var image = $"{fixture.Registry.Host}/test/artifact:1";
        await fixture.PullAsync(image);
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var error = await Assert.ThrowsAsync<CriCallException>(() => fixture.CreateAsync(sandbox, pod, Configs.Container(pod, image, "c")));
        Assert.Equal(3, error.Code);
        Assert.Contains("artifact of type \"application/x-model\"", error.Detail);
        await fixture.RemovePodAsync(sandbox);
        await RemoveAsync(image);
    }

    /// <summary>Within three blocks and two hundredths.</summary>
    private static void AssertNear(ulong expected, ulong actual) =>
        Assert.InRange(actual, (expected * 98 / 100) - Math.Min(expected / 2, 12_288), (expected * 102 / 100) + 12_288);

    private ulong DiskUsage(string folder, string unit = "--block-size=1") => ulong.Parse(
        Command.Output("du", "-s", unit, Path.Combine(fixture.Server.Root, folder)).Split('\t')[0], CultureInfo.InvariantCulture);

    private Task<ImageFsInfoResponse> InfoAsync() => fixture.Client.ImageAsync<ImageFsInfoResponse>(new ImageFsInfoRequest());

    private async Task RemoveAsync(string image) =>
        await fixture.Client.ImageAsync<RemoveImageResponse>(new RemoveImageRequest { Image = new ImageSpec { Image = image } });

    private async Task<Image?> FindAsync(string image) =>
        (await fixture.Client.ImageAsync<ImageStatusResponse>(new ImageStatusRequest { Image = new ImageSpec { Image = image } })).Image;
}
