using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;
using Google.Protobuf;

namespace CriShim.E2e.Isolation.Escapes;

/// <summary>Images whose configuration or files are made to reach the host, over the CRI.</summary>
public sealed class HostileImageTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly TimeSpan s_soon = Patience.Seconds(10);

    /// <summary>CVE-2024-40635, CVE-2026-46680: digits are a number, and a number that is none is an error of the pull or of the container, never root.</summary>
    [Theory]
    [InlineData("4294967296")]
    [InlineData("2147483648")]
    [InlineData("99999999999999999999")]
    [InlineData("1000:4294967296")]
    [InlineData("-1")]
    [InlineData("+0")]
    public async Task User_OfTheImageOutOfRange_IsRefused(string user)
    {
        var failure = await Assert.ThrowsAsync<CriCallException>(() => RunImageAsync(Busybox().With("User", user), "true"));
        Assert.Contains("user", failure.Detail, StringComparison.Ordinal);
    }

    /// <summary>CVE-2024-21626: the image names the working folder.</summary>
    [Theory]
    [InlineData("/proc/self/fd/7")]
    [InlineData("/proc/self/fd/3/../../..")]
    public async Task WorkingDir_OfTheImageThroughDescriptors_GetsNowhere(string folder)
    {
        CriCallException? failure = null;
        var (output, exit) = ("", 0);
        try
        {
            (output, exit) = await RunImageAsync(Busybox().With("WorkingDir", folder), "/bin/ls");
        }
        catch (CriCallException e)
        {
            failure = e;
        }

        Assert.True(failure is not null || exit != 0 || output.Contains("bin", StringComparison.Ordinal), output);
        Assert.DoesNotContain("boot", output, StringComparison.Ordinal);
    }

    /// <summary>CVE-2022-23648, CVE-2019-16884: volumes that an image declares are data; nothing is copied or mounted for them.</summary>
    [Theory]
    [InlineData("/../../../../../../etc")]
    [InlineData("/proc")]
    [InlineData("/sys")]
    public async Task Volume_OfTheImage_ChangesNothing(string path)
    {
        var (output, _) = await RunImageAsync(Busybox().With("Volumes", new JsonObject { [path] = new JsonObject() }), "/bin/sh", "-c", "cat /proc/self/mounts; ls /etc");
        Assert.Contains("proc /proc proc", output, StringComparison.Ordinal);
        Assert.DoesNotContain("shadow", output, StringComparison.Ordinal);
    }

    /// <summary>CVE-2026-47262: files that name users may be anything: a pipe, a device, a link, gigabytes.</summary>
    [Theory]
    [InlineData("fifo")]
    [InlineData("link")]
    [InlineData("huge")]
    public async Task PasswdFile_ThatIsNone_IsRefusedSoon(string kind)
    {
        var image = Busybox().Layer(tar => tar.WriteEntry(kind switch
        {
            "fifo" => new PaxTarEntry(TarEntryType.Fifo, "etc/passwd"),
            "link" => new PaxTarEntry(TarEntryType.SymbolicLink, "etc/passwd") { LinkName = "/../../../../../../etc/shadow" },
            _ => new PaxTarEntry(TarEntryType.RegularFile, "etc/passwd") { DataStream = new MemoryStream(new byte[11 << 20]) },
        })).With("User", "user");

        await Assert.ThrowsAsync<CriCallException>(() => RunImageAsync(image, "true").WaitAsync(s_soon));
    }

    /// <summary>CVE-2024-5154: the generated files land in the root, although its /etc is a link out.</summary>
    [Fact]
    public async Task EtcFolder_ThatIsALinkOut_MakesNothingOnTheHost()
    {
        var outside = Path.Combine(fixture.Server.Scratch, "outside-etc");
        Directory.CreateDirectory(outside);
        var image = new ImageBuilder().With("Env", new JsonArray("PATH=/bin")).Layer(tar =>
        {
            using var busybox = File.OpenRead("/bin/busybox");
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "bin/sh") { Mode = (UnixFileMode)0x1ED, DataStream = busybox });
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "etc") { LinkName = "/../../../../.." + outside });
        });

        try
        {
            await RunImageAsync(image, "/bin/sh", "-c", "true");
        }
        catch (CriCallException)
        {
            // Refused is as well.
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    /// <summary>CVE-2026-24054: without a layer there is nothing, not even by accident.</summary>
    [Fact]
    public async Task Image_WithoutLayers_HasNothingToRun()
    {
        var failure = await Record.ExceptionAsync(() => RunImageAsync(new ImageBuilder().With("Cmd", new JsonArray("/bin/sh")), "/bin/sh", "-c", "true"));
        Assert.NotNull(failure);
    }

    /// <summary>CVE-2026-53488: what an image says of itself is not what the client said of a container.</summary>
    [Fact]
    public async Task Labels_OfTheImage_AreNotTheContainers()
    {
        var name = await PushAsync(Busybox().With("Labels", new JsonObject { ["io.kubernetes.container.name"] = "evil", ["containerd.io/restart.logpath"] = "binary:///bin/sh" }));
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var container = await fixture.CreateAsync(sandbox, pod, Configs.Container(pod, name, "c", "true"));
        var labels = (await fixture.StatusAsync(container)).Labels;
        Assert.Equal("c", labels["io.kubernetes.container.name"]);
        Assert.DoesNotContain("containerd.io/restart.logpath", labels.Keys);
        await fixture.RemovePodAsync(sandbox);
    }

    /// <summary>CVE-2022-4318, CVE-2026-15809: with the real byte.</summary>
    [Fact]
    public async Task Home_WithANewline_AddsNoUser()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "sleep", "1000");
        config.Envs.Add(new KeyValue { Key = "HOME", Value = ByteString.CopyFromUtf8("/tmp\nevil:x:0:0::/:/bin/sh") });
        var container = await fixture.CreateAsync(sandbox, pod, config);
        await fixture.StartAsync(container);
        Assert.DoesNotContain("evil", await fixture.OutputAsync(container, "cat", "/etc/passwd"), StringComparison.Ordinal);
        await fixture.RemovePodAsync(sandbox);
    }

    /// <summary>CVE-2021-21334: two containers of one image share nothing that is said of one of them.</summary>
    [Fact]
    public async Task Environment_OfOneContainer_IsNotAnothers()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var first = Configs.Container(pod, fixture.Image, "first", "sleep", "1000");
        first.Envs.Add(new KeyValue { Key = "SECRET", Value = ByteString.CopyFromUtf8("first") });
        await fixture.StartAsync(await fixture.CreateAsync(sandbox, pod, first));
        var second = await fixture.CreateAsync(sandbox, pod, Configs.Container(pod, fixture.Image, "second", "sleep", "1000"));
        await fixture.StartAsync(second);
        Assert.DoesNotContain("SECRET", await fixture.OutputAsync(second, "cat", "/proc/1/environ"), StringComparison.Ordinal);
        await fixture.RemovePodAsync(sandbox);
    }

    private static ImageBuilder Busybox() => ImageBuilder.Busybox();

    private async Task<string> PushAsync(ImageBuilder image)
    {
        var repository = "hostile/" + Guid.NewGuid().ToString("N");
        await image.PushAsync(fixture.Registry.Host, repository, "1");
        var name = $"{fixture.Registry.Host}/{repository}:1";
        await fixture.PullAsync(name);
        return name;
    }

    /// <summary>What the container wrote to its log, and its exit code.</summary>
    private async Task<(string Output, int ExitCode)> RunImageAsync(ImageBuilder image, params string[] command)
    {
        var name = await PushAsync(image);
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        try
        {
            var container = await fixture.CreateAsync(sandbox, pod, Configs.Container(pod, name, "c", command));
            await fixture.StartAsync(container);
            var status = await fixture.WaitForExitAsync(container);
            return (await File.ReadAllTextAsync(status.LogPath, Encoding.UTF8), status.ExitCode);
        }
        finally
        {
            await fixture.RemovePodAsync(sandbox);
        }
    }
}
