using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Containers;

/// <summary>Archives of running containers, by the machine's criu, and what is left when none can be made.</summary>
public sealed class CheckpointContainerTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Counting = "echo changed > /etc/motd; rm /bin/wc; i=0; while true; do i=$((i+1)); echo $i > /count; sleep 0.05; done";

    private string Location { get; } = Path.Combine(Directory.CreateDirectory(Path.Combine(fixture.Server.Scratch, $"{Guid.NewGuid():N}")).FullName, "x.tar");

    [CriuFact]
    public async Task Checkpoint_RunningContainer_IsInTheArchiveAndGoesOn()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(NamespaceMode.Pod), "sh", "-c", Counting);
        await Eventually.GetAsync(() => CountAsync(pod), count => count > 2);
        await File.WriteAllTextAsync(Location, "of an earlier one");

        await CheckpointAsync(pod.Container);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Location));
        var files = Read(Location);
        Assert.Equal(["bind.mounts", "checkpoint/", "config.dump", "dump.log", "rootfs-diff.tar", "spec.dump", "stats-dump"], files.Keys.Where(IsTopLevel));
        Assert.Contains("checkpoint/inventory.img", files.Keys);
        Assert.Contains("checkpoint/pages-1.img", files.Keys);
        using var config = JsonDocument.Parse(files["config.dump"]);
        Assert.Equal(pod.Container, config.RootElement.GetProperty("id").GetString());
        Assert.Equal(fixture.Image, config.RootElement.GetProperty("rootfsImage").GetString());
        using var spec = JsonDocument.Parse(files["spec.dump"]);
        Assert.Equal(pod.Config.Metadata.Name, spec.RootElement.GetProperty("annotations").GetProperty("io.kubernetes.cri.sandbox-name").GetString());
        var changes = Read(new MemoryStream(files["rootfs-diff.tar"]));
        Assert.Equal("changed\n", Encoding.UTF8.GetString(changes["etc/motd"]));
        Assert.Contains("bin/.wh.wc", changes.Keys);
        Assert.Contains("count", changes.Keys);

        Assert.Equal([Location], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Location)!));
        AssertNothingLeft();
        var before = await CountAsync(pod);
        await Eventually.GetAsync(() => CountAsync(pod), count => count > before + 2);
        Assert.Equal(ContainerState.ContainerRunning, (await fixture.StatusAsync(pod.Container)).State);
        File.Delete(Location);
        await CheckpointAsync(pod.Container);
    }

    [CriuFact]
    public async Task Checkpoint_PodWithUserNamespace_HasTheContainersOwners()
    {
        var config = fixture.Pod();
        var range = new IDMapping { HostId = 3_000_000, Length = 65_536 };
        config.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace { Mode = NamespaceMode.Pod, Uids = { range }, Gids = { range.Clone() } };
        await using var pod = await fixture.RunAsync(config, "sh", "-c", Counting);
        await Eventually.GetAsync(() => CountAsync(pod), count => count > 0);

        await CheckpointAsync(pod.Container);

        using var changes = new TarReader(new MemoryStream(Read(Location)["rootfs-diff.tar"]));
        while (changes.GetNextEntry() is { } entry)
        {
            Assert.Equal((0, 0), (entry.Uid, entry.Gid));
        }
    }

    [CriuFact]
    public async Task Checkpoint_PodWithOneProcessTree_GoesOn()
    {
        var config = fixture.Pod();
        config.Linux.SecurityContext.NamespaceOptions.Pid = NamespaceMode.Pod;
        await using var pod = await fixture.RunAsync(config, "sh", "-c", Counting);
        await Eventually.GetAsync(() => CountAsync(pod), count => count > 0);

        await CheckpointAsync(pod.Container);

        var before = await CountAsync(pod);
        await Eventually.GetAsync(() => CountAsync(pod), count => count > before + 2);
    }

    [CriuFact]
    public async Task Checkpoint_ByCrictl_Works()
    {
        if (Command.Find("crictl") is not { } crictl)
        {
            return;
        }

        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");

        var result = Command.Run(
            crictl, "--runtime-endpoint", "unix://" + fixture.Server.SocketPath, "--timeout", "30s", "checkpoint", "--export=" + Location, pod.Container);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("checkpoint/pstree.img", Read(Location).Keys);
    }

    [Fact]
    public async Task Checkpoint_NoSuchContainer_IsNotFound() =>
        await RpcAssert.FailsAsync(RpcAssert.NotFound, "not found", () => CheckpointAsync(new string('0', 64)));

    [Fact]
    public async Task Checkpoint_EndedContainer_FailsByPrecondition()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "true");
        await fixture.WaitForExitAsync(pod.Container);

        await RpcAssert.FailsAsync(RpcAssert.FailedPrecondition, "it is not running", () => CheckpointAsync(pod.Container));

        Assert.False(Path.Exists(Location));
    }

    [Theory]
    [InlineData("")]
    [InlineData("relative.tar")]
    [InlineData("/nosuch/folder/x.tar")]
    [InlineData("/tmp/../tmp/x.tar")]
    [InlineData("/tmp")]
    public async Task Checkpoint_LocationThatCannotBe_IsNamed(string location)
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");

        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "location", () => fixture.Client.RuntimeAsync<CheckpointContainerResponse>(
            new CheckpointContainerRequest { ContainerId = pod.Container, Location = location }));
    }

    [Fact]
    public async Task Checkpoint_LocationIsNoFile_IsNotReplaced()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        Command.Output("mkfifo", Location);

        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "not a regular file", () => CheckpointAsync(pod.Container));

        Assert.Equal("fifo", Command.Output("stat", "-c", "%F", Location).Trim());
    }

    private static IEnumerable<string> NamesIn(string folder) => Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder) : [];

    private static bool IsTopLevel(string name) => !name.TrimEnd('/').Contains('/');

    private static SortedDictionary<string, byte[]> Read(string path)
    {
        using var file = File.OpenRead(path);
        return Read(file);
    }

    private static SortedDictionary<string, byte[]> Read(Stream archive)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        using var tar = new TarReader(archive);
        while (tar.GetNextEntry() is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            files[entry.Name] = content.ToArray();
        }

        return files;
    }

    private void AssertNothingLeft() => Assert.Empty(NamesIn(Path.Combine(fixture.Server.Root, "checkpoints")));

    private Task<CheckpointContainerResponse> CheckpointAsync(string container, long timeout = 30) => fixture.Client.RuntimeAsync<CheckpointContainerResponse>(
        new CheckpointContainerRequest { ContainerId = container, Location = Location, Timeout = timeout });

    private async Task<int> CountAsync(RunningPod pod) =>
        int.TryParse(await fixture.OutputAsync(pod.Container, "cat", "/count"), out var count) ? count : 0;
}
