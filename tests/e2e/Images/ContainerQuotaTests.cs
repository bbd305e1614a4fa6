using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>
/// A limit on what a container writes: held where the kernel has project quotas of a file system, refused at start where not. A kernel
/// without them (CONFIG_QFMT_V2, CONFIG_XFS_QUOTA) runs the refusals only.
/// </summary>
public sealed class ContainerQuotaTests(RegistryFixture registry) : IClassFixture<RegistryFixture>
{
    private const int Limit = 8 << 20;
    private static readonly string s_configuration = $$"""{"images": {"containerQuotaBytes": {{Limit}} } }""";

    [Fact]
    public async Task Serve_Ext4_HoldsOrRefuses()
    {
        using var disk = QuotaFileSystem.Ext4();
        await HoldsOrRefusesAsync(disk);
    }

    [Fact]
    public async Task Serve_Xfs_HoldsOrRefuses()
    {
        using var disk = QuotaFileSystem.Xfs();
        await HoldsOrRefusesAsync(disk);
    }

    [Fact]
    public async Task Serve_NoQuotas_RefusesAndLeavesNothing()
    {
        using var disk = QuotaFileSystem.XfsWithoutQuota();
        Assert.True(disk.IsMounted);
        var text = await RefusesAsync(disk.Path);
        Assert.Contains("quotactl_fd", text, StringComparison.Ordinal); // the project itself could be set
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(disk.Path, "snapshots")));
    }

    private async Task HoldsOrRefusesAsync(QuotaFileSystem disk)
    {
        if (disk.IsMounted)
        {
            await HoldsAsync(disk.Path);
        }
        else
        {
            await RefusesAsync(disk.Path);
        }
    }

    private static async Task<string> RefusesAsync(string root)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync(s_configuration, root));
        Assert.Contains("crishim: images.containerQuotaBytes needs a file system with project quotas", error.Message, StringComparison.Ordinal);
        return error.Message;
    }

    private async Task HoldsAsync(string root)
    {
        await using var server = await ServerProcess.StartAsync(s_configuration, root);
        await server.Client.ImageAsync<PullImageResponse>(new PullImageRequest { Image = new ImageSpec { Image = registry.Image } });
        var pod = Configs.Pod();
        var sandbox = (await server.Client.RuntimeAsync<RunPodSandboxResponse>(new RunPodSandboxRequest { Config = pod })).PodSandboxId;
        var container = (await server.Client.RuntimeAsync<CreateContainerResponse>(new CreateContainerRequest
        {
            PodSandboxId = sandbox,
            Config = Configs.Container(pod, registry.Image, "c", "sleep", "1000"),
            SandboxConfig = pod,
        })).ContainerId;
        await server.Client.RuntimeAsync<StartContainerResponse>(new StartContainerRequest { ContainerId = container });
        Assert.Equal(0, await WriteAsync(server, container, "/within", Limit / 2));
        Assert.NotEqual(0, await WriteAsync(server, container, "/beyond", Limit));
        await server.RestartAsync();
        Assert.NotEqual(0, await WriteAsync(server, container, "/again", Limit));
        await Eventually.GetAsync(() => UsedAsync(server), bytes => bytes is > Limit / 2 and <= Limit);
    }

    private static async Task<int> WriteAsync(ServerProcess server, string container, string path, int bytes) =>
        (await server.Client.RuntimeAsync<ExecSyncResponse>(new ExecSyncRequest
        {
            ContainerId = container,
            Cmd = { "dd", "if=/dev/zero", "of=" + path, "bs=65536", $"count={bytes / 65536}" },
            Timeout = (long)Patience.Seconds(20).TotalSeconds,
        })).ExitCode;

    private static async Task<ulong> UsedAsync(ServerProcess server) =>
        (await server.Client.ImageAsync<ImageFsInfoResponse>(new ImageFsInfoRequest())).ContainerFilesystems.Single().UsedBytes.Value;
}
