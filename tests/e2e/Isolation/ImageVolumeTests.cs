using System.Formats.Tar;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>Volumes that are made of images (KEP-4639).</summary>
public sealed class ImageVolumeTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const uint FirstId = 1_000_000;

    private string Data => $"{fixture.Registry.Host}/test/data:1";

    private string Model => $"{fixture.Registry.Host}/test/model:1";

    [Fact]
    public async Task Image_OfTwoLayers_IsMountedWholeAndReadOnly()
    {
        var id = await PullDataAsync();
        await using var pod = await RunAsync(fixture.Pod(), Volume(Data, ""));
        Assert.Equal("upper", await fixture.OutputAsync(pod.Container, "cat", "/volume/folder/file"));
        Assert.Equal("kept", await fixture.OutputAsync(pod.Container, "cat", "/volume/folder/kept"));
        Assert.Equal("750 1000", (await fixture.OutputAsync(pod.Container, "stat", "-c", "%a %u", "/volume/folder")).Trim());
        Assert.Contains("Read-only", (await fixture.ExecAsync(pod.Container, "touch", "/volume/new")).Stderr.ToStringUtf8(), StringComparison.Ordinal);
        Assert.NotEqual(0, (await fixture.ExecAsync(pod.Container, "mount", "-o", "remount,rw", "/volume")).ExitCode);
        var mount = Assert.Single((await fixture.StatusAsync(pod.Container)).Mounts);
        Assert.Equal(id, mount.Image.ImageRef);
        Assert.Equal(Data, mount.Image.Image);
        await fixture.Server.RestartAsync();
        Assert.Equal(id, Assert.Single((await fixture.StatusAsync(pod.Container)).Mounts).Image.ImageRef);
    }

    [Theory]
    [InlineData("folder", "cat /volume/file")]
    [InlineData("folder/../folder/.//", null)]
    [InlineData("out", "cat /volume/file")] // an absolute link, which begins at the image's root
    [InlineData("folder/file", "cat /volume")]
    public async Task SubPath_InTheImage_IsWhatIsMounted(string subPath, string? command)
    {
        await PullDataAsync();
        if (command is null)
        {
            await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "mounts[0].image_sub_path", () => RunAsync(fixture.Pod(), Volume(Data, subPath)));
            return;
        }

        await using var pod = await RunAsync(fixture.Pod(), Volume(Data, subPath));
        Assert.Equal("upper", await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", command));
    }

    [Theory]
    [InlineData("absent")]
    [InlineData("folder/file/below")]
    [InlineData("escape")] // a link to ../../../../etc/shadow
    public async Task SubPath_NotInTheImage_IsTheErrorThatTheKubeletKnows(string subPath)
    {
        await PullDataAsync();
        var error = await Assert.ThrowsAsync<CriCallException>(() => RunAsync(fixture.Pod(), Volume(Data, subPath)));
        Assert.StartsWith("ImageVolumeMountFailed: ", error.Detail, StringComparison.Ordinal);
        Assert.Contains(subPath, error.Detail, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<CriCallException>(() => RunAsync(fixture.Pod(), Volume("example.invalid/none:1", "")));
        Assert.StartsWith("ImageVolumeMountFailed: ", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Artifact_OfFiles_HasThemByTheirTitles()
    {
        await ImageBuilder.PushArtifactAsync(
            fixture.Registry.Host, "test/model", "1", "application/x-model", ("weights.bin", "weights"u8.ToArray()), ("card.txt", "card"u8.ToArray()));
        var id = await fixture.PullAsync(Model);
        await using var pod = await RunAsync(fixture.Pod(), Volume(Model, ""));
        Assert.Equal("card.txt\nweights.bin\n", await fixture.OutputAsync(pod.Container, "ls", "/volume"));
        Assert.Equal("weights", await fixture.OutputAsync(pod.Container, "cat", "/volume/weights.bin"));
        Assert.Equal(id, (await fixture.StatusAsync(pod.Container)).Mounts[0].Image.ImageRef);
    }

    [Fact]
    public async Task Image_InAUserNamespace_BelongsToThePodsRoot()
    {
        await PullDataAsync();
        var config = fixture.Pod(NamespaceMode.Pod);
        var map = new IDMapping { HostId = FirstId, Length = 65_536 };
        config.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace { Mode = NamespaceMode.Pod, Uids = { map }, Gids = { map } };
        var whole = Volume(Data, "");
        whole.UidMappings.Add(map);
        whole.GidMappings.Add(map);
        var part = Volume(Data, "folder");
        part.ContainerPath = "/part";
        await using var pod = await RunAsync(config, whole, part);
        var owners = await fixture.OutputAsync(pod.Container, "stat", "-c", "%u:%g", "/volume", "/volume/folder", "/volume/folder/kept", "/part/kept");
        Assert.Equal("0:0\n1000:0\n0:0\n0:0\n", owners);
    }

    [Fact]
    public async Task Image_Removed_StaysForItsContainerAlsoAfterARestart()
    {
        await PullDataAsync("removed");
        await using (var pod = await RunAsync(fixture.Pod(), Volume(Data, "")))
        {
            await fixture.Client.ImageAsync<RemoveImageResponse>(new RemoveImageRequest { Image = new ImageSpec { Image = Data } });
            await fixture.Server.RestartAsync();
            Assert.Equal("kept", await fixture.OutputAsync(pod.Container, "cat", "/volume/folder/removed"));
        }

        await Eventually.TrueAsync(() => !Directory.EnumerateFiles(Path.Combine(fixture.Server.Root, "layers"), "removed", SearchOption.AllDirectories).Any());
    }

    [Fact]
    public async Task Mount_ThatAnImageCannotBe_IsRefusedByItsField()
    {
        await PullDataAsync();
        var cases = new (string Field, Action<Mount> Change)[]
        {
            ("mounts[0].readonly", mount => mount.Readonly = false),
            ("mounts[0].host_path", mount => mount.HostPath = "/etc"),
            ("mounts[0].propagation", mount => mount.Propagation = MountPropagation.PropagationBidirectional),
            ("mounts[0].image_sub_path", mount => mount.ImageSubPath = "/folder"),
            ("mounts[0].image_sub_path", mount => mount.ImageSubPath = "a/../../b"),
            ("mounts[0].image_sub_path", mount => (mount.Image, mount.HostPath, mount.ImageSubPath) = (null, "/etc", "x")),
            ("mounts[0].mount_options", mount => mount.MountOptions.Add("suid")),
        };
        foreach (var (field, change) in cases)
        {
            var mount = Volume(Data, "");
            change(mount);
            await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, field, () => RunAsync(fixture.Pod(), mount));
        }
    }

    private static Mount Volume(string image, string subPath) =>
        new() { ContainerPath = "/volume", Readonly = true, Image = new ImageSpec { Image = image }, ImageSubPath = subPath };

    private Task<RunningPod> RunAsync(PodSandboxConfig pod, params Mount[] mounts) => fixture.RunAsync(pod, config => config.Mounts.Add(mounts));

    private async Task<string> PullDataAsync(string kept = "kept")
    {
        await new ImageBuilder()
            .Layer(tar =>
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "folder/") { Mode = (UnixFileMode)0x1E8, Uid = 1000 });
                ImageBuilder.WriteText(tar, "folder/file", "lower");
                ImageBuilder.WriteText(tar, $"folder/{kept}", "kept");
                tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "out") { LinkName = "/folder" });
                tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "escape") { LinkName = "../../../../etc/shadow" });
            })
            .Layer(tar => ImageBuilder.WriteText(tar, "folder/file", "upper"))
            .PushAsync(fixture.Registry.Host, "test/data", "1");
        return await fixture.PullAsync(Data);
    }
}
