using System.Formats.Tar;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>Mounts of the host's folders: what is asked is what the container and the host see.</summary>
public sealed class MountTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    /// <summary>What travels from the host into the container, and back.</summary>
    [Theory]
    [InlineData(MountPropagation.PropagationPrivate, false, false)]
    [InlineData(MountPropagation.PropagationHostToContainer, true, false)]
    [InlineData(MountPropagation.PropagationBidirectional, true, true)]
    public async Task Propagation_OfEachKind_IsThatAndNoMore(MountPropagation propagation, bool into, bool back)
    {
        using var shared = HostMount.Create(fixture.Server.Scratch, "shared");
        await using var pod = await fixture.RunAsync(Privileged(), config =>
        {
            config.Mounts.Add(new Mount { HostPath = shared.Path, ContainerPath = "/volume", Propagation = propagation });
            config.Linux.SecurityContext.Privileged = true;
        });
        using var inner = HostMount.Create(shared.Path, "host");
        Assert.Equal(into, (await fixture.OutputAsync(pod.Container, "cat", "/proc/self/mountinfo")).Contains(" /volume/host ", StringComparison.Ordinal));
        await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "mkdir /volume/own && mount -t tmpfs own /volume/own");
        Assert.Equal(back, Mounted(Path.Combine(shared.Path, "own")));
        if (back)
        {
            Command.Output("umount", Path.Combine(shared.Path, "own"));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadOnly_WithAMountBelow_ReachesItOnlyWhenRecursive(bool recursive)
    {
        using var outer = HostMount.Create(fixture.Server.Scratch, "outer");
        using var inner = HostMount.Create(outer.Path, "inner");
        await using var pod = await fixture.RunAsync(fixture.Pod(), config => config.Mounts.Add(
            new Mount { HostPath = outer.Path, ContainerPath = "/volume", Readonly = true, RecursiveReadOnly = recursive }));
        Assert.NotEqual(0, (await fixture.ExecAsync(pod.Container, "touch", "/volume/file")).ExitCode);
        Assert.Equal(!recursive, (await fixture.ExecAsync(pod.Container, "touch", "/volume/inner/file")).ExitCode == 0);
    }

    [Fact]
    public async Task Flags_AskedFor_AreThoseOfTheMount()
    {
        var source = Folder("flags");
        File.Copy("/bin/busybox", Path.Combine(source, "program"), overwrite: true);
        await using var pod = await fixture.RunAsync(fixture.Pod(), config => config.Mounts.Add(
            new Mount { HostPath = source, ContainerPath = "/volume", MountOptions = { "noexec", "nodev", "nosuid" } }));
        var line = (await fixture.OutputAsync(pod.Container, "grep", " /volume ", "/proc/self/mountinfo")).Split(' ');
        Assert.Contains("rw,nosuid,nodev,noexec", line[5], StringComparison.Ordinal);
        await Assert.ThrowsAsync<CriCallException>(() => fixture.ExecAsync(pod.Container, "/volume/program", "true"));
    }

    [Fact]
    public async Task HostPath_BehindLinks_IsWhatTheyLeadTo()
    {
        var source = Folder("target");
        File.WriteAllText(Path.Combine(source, "file"), "x");
        var link = Path.Combine(fixture.Server.Scratch, "link");
        File.CreateSymbolicLink(link, "target");
        await using var pod = await fixture.RunAsync(fixture.Pod(), config => config.Mounts.Add([
            new Mount { HostPath = link, ContainerPath = "/folder" }, new Mount { HostPath = link + "/file", ContainerPath = "/a/new/file" }]));
        Assert.Equal("xx", await fixture.OutputAsync(pod.Container, "cat", "/folder/file", "/a/new/file"));
        File.Delete(link);
    }

    [Fact]
    public async Task ContainerPath_BehindLinksOfTheImage_StaysInTheContainer()
    {
        var outside = Path.Combine(fixture.Server.Scratch, "outside");
        var image = $"{fixture.Registry.Host}/test/links:1";
        await ImageBuilder.Busybox().Layer(tar =>
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, fixture.Server.Scratch[1..] + "/"));
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "absolute") { LinkName = fixture.Server.Scratch });
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "relative") { LinkName = "../../../../../" + fixture.Server.Scratch });
        }).PushAsync(fixture.Registry.Host, "test/links", "1");
        await fixture.PullAsync(image);
        var source = Folder("source");
        File.WriteAllText(Path.Combine(source, "file"), "x");
        await using var pod = await fixture.RunAsync(fixture.Pod(), config =>
        {
            config.Image.Image = image;
            config.Mounts.Add([
                new Mount { HostPath = source, ContainerPath = "/absolute/outside" }, new Mount { HostPath = source, ContainerPath = "/relative/outside/deeper" }]);
        });
        Assert.False(Path.Exists(outside));
        Assert.Equal("xx", await fixture.OutputAsync(
            pod.Container, "cat", Path.Combine(outside, "file"), Path.Combine(outside, "deeper/file")));
    }

    [Fact]
    public async Task Order_ChildrenGivenFirst_LieInTheirParents()
    {
        var (outer, inner) = (Folder("order-outer"), Folder("order-inner"));
        File.WriteAllText(Path.Combine(inner, "file"), "inner");
        await using var pod = await fixture.RunAsync(fixture.Pod(), config => config.Mounts.Add([
            new Mount { HostPath = inner, ContainerPath = "/a/b/c" }, new Mount { HostPath = outer, ContainerPath = "/a" }]));
        Assert.Equal("inner", await fixture.OutputAsync(pod.Container, "cat", "/a/b/c/file"));
        Assert.True(Directory.Exists(Path.Combine(outer, "b/c")));
    }

    [Fact]
    public async Task Files_OfThePodAndTheKubelet_AreInPlace()
    {
        var message = Path.Combine(fixture.Server.Scratch, "termination-log");
        File.WriteAllText(message, "");
        var hosts = Path.Combine(fixture.Server.Scratch, "etc-hosts");
        File.WriteAllText(hosts, "127.0.0.1 kubelet\n");
        var config = fixture.Pod(NamespaceMode.Pod);
        config.Hostname = "the-pod";
        config.DnsConfig = new DNSConfig { Servers = { "192.0.2.53" }, Searches = { "example.test" } };
        await using var pod = await fixture.RunAsync(config, container => container.Mounts.Add([
            new Mount { HostPath = message, ContainerPath = "/dev/termination-log" }, new Mount { HostPath = hosts, ContainerPath = "/etc/hosts" }]));
        await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "echo over > /dev/termination-log");
        Assert.Equal("over\n", File.ReadAllText(message));
        Assert.Equal("127.0.0.1 kubelet\n", await fixture.OutputAsync(pod.Container, "cat", "/etc/hosts"));
        Assert.Equal("the-pod", (await fixture.OutputAsync(pod.Container, "cat", "/etc/hostname")).Trim());
        Assert.Contains("192.0.2.53", await fixture.OutputAsync(pod.Container, "cat", "/etc/resolv.conf"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task IdMap_WithoutAUserNamespace_MapsTheOwners()
    {
        var source = Folder("mapped");
        var map = new IDMapping { ContainerId = 0, HostId = 5000, Length = 10 };
        await using var pod = await fixture.RunAsync(fixture.Pod(), config => config.Mounts.Add(
            new Mount { HostPath = source, ContainerPath = "/volume", UidMappings = { map }, GidMappings = { map } }));
        Assert.Equal("5000:5000", (await fixture.OutputAsync(pod.Container, "stat", "-c", "%u:%g", "/volume")).Trim());
    }

    [Fact]
    public async Task Mount_ThatCannotBe_IsRefusedByItsFieldAndLeavesNothing()
    {
        var source = Folder("refused");
        var cases = new (string Field, Action<Mount> Change)[]
        {
            ("mounts[0].host_path", mount => mount.HostPath = "/no/such/path"),
            ("mounts[0].host_path", mount => mount.HostPath = "relative"),
            ("mounts[0].container_path", mount => mount.ContainerPath = "/"),
            ("mounts[0].container_path", mount => mount.ContainerPath = "relative"),
            ("mounts[0].propagation", mount => mount.Propagation = (MountPropagation)9),
            ("mounts[0].recursive_read_only", mount => mount.RecursiveReadOnly = true),
            ("mounts[0].recursive_read_only", mount => (mount.RecursiveReadOnly, mount.Readonly, mount.Propagation) = (true, true, MountPropagation.PropagationBidirectional)),
            ("mounts[0].mount_options", mount => mount.MountOptions.Add("exec")),
        };
        foreach (var (field, change) in cases)
        {
            var mount = new Mount { HostPath = source, ContainerPath = "/volume" };
            change(mount);
            await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, field, () => fixture.RunAsync(fixture.Pod(), config => config.Mounts.Add(mount)));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(fixture.Server.State, "containers")));
    }

    private PodSandboxConfig Privileged()
    {
        var pod = fixture.Pod();
        pod.Linux.SecurityContext.Privileged = true;
        return pod;
    }

    private string Folder(string name) => Directory.CreateDirectory(Path.Combine(fixture.Server.Scratch, name)).FullName;

    private static bool Mounted(string path) => File.ReadLines("/proc/self/mountinfo").Any(line => line.Split(' ')[4] == path);

    /// <summary>A tmpfs on the host, shared, for as long as the test has it.</summary>
    private sealed record HostMount(string Path) : IDisposable
    {
        public static HostMount Create(string folder, string name)
        {
            var path = Directory.CreateDirectory(System.IO.Path.Combine(folder, name)).FullName;
            Command.Output("mount", "-t", "tmpfs", "crishim-test", path);
            Command.Output("mount", "--make-shared", path);
            return new HostMount(path);
        }

        public void Dispose() => Command.Output("umount", "-l", Path);
    }
}
