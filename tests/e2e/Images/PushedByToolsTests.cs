using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>Images as the tools of the field write them are pulled and run; and these tools read what the server keeps.</summary>
public sealed class PushedByToolsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private ToolImages Tools() => new(fixture.Registry.Host);

    [Fact]
    public async Task Pull_Umoci_Runs()
    {
        using var tools = Tools();
        await AssertRunsAsync("umoci", tools.PushByUmoci("umoci"));
    }

    [Theory]
    [InlineData("oci", "gzip", "application/vnd.oci.image.layer.v1.tar+gzip")]
    [InlineData("oci", "zstd", "application/vnd.oci.image.layer.v1.tar+zstd")]
    [InlineData("oci", "", "application/vnd.oci.image.layer.v1.tar")]
    [InlineData("v2s2", "gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip")]
    [InlineData("v2s2", "", "application/vnd.docker.image.rootfs.diff.tar")]
    public async Task Pull_Skopeo_Runs(string format, string compression, string mediaType)
    {
        using var tools = Tools();
        var repository = $"skopeo/{format}-{compression}x";
        var image = tools.PushBySkopeo(repository, format, compression);
        Assert.Contains($"\"{mediaType}\"", Command.Output("skopeo", "inspect", "--raw", "--tls-verify=false", "docker://" + image));
        await AssertRunsAsync(repository, image);
    }

    [Theory]
    [InlineData("oci", "zstd", "application/vnd.oci.image.layer.v1.tar+zstd")]
    [InlineData("docker", "gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip")]
    public async Task Pull_Buildah_Runs(string format, string compression, string mediaType)
    {
        using var tools = Tools();
        var repository = $"buildah/{format}-{compression}";
        var image = tools.PushByBuildah(repository, format, compression);
        Assert.Contains($"\"{mediaType}\"", Command.Output("skopeo", "inspect", "--raw", "--tls-verify=false", "docker://" + image));
        await AssertRunsAsync(repository, image);
    }

    [Fact]
    public void Skopeo_ReadsTheStoresLayout()
    {
        var layout = Path.Combine(fixture.Server.Root, "images");
        var digest = Command.Output("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://" + fixture.Image).Trim();
        foreach (var name in new[] { fixture.Image, $"{fixture.Registry.Host}/test/busybox@{digest}" })
        {
            Assert.Equal(digest, Command.Output("skopeo", "inspect", "--format", "{{.Digest}}", $"oci:{layout}:{name}").Trim());
        }
    }

    private async Task AssertRunsAsync(string repository, string image)
    {
        await fixture.PullAsync(image);
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var container = await fixture.CreateAsync(sandbox, pod, Configs.Container(pod, image, "main"));
        await fixture.StartAsync(container);
        Assert.Equal(0, (await fixture.WaitForExitAsync(container)).ExitCode);
        var log = await File.ReadAllTextAsync(Path.Combine(pod.LogDirectory, "main", "0.log"));
        Assert.EndsWith(" stdout F " + ToolImages.MessageOf(repository), log, StringComparison.Ordinal);
        await fixture.RemovePodAsync(sandbox);
        await fixture.Client.ImageAsync<RemoveImageResponse>(new RemoveImageRequest { Image = new ImageSpec { Image = image } });
    }
}
