using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>Memory that is saved in parts, goes to another process, or comes when it is wanted; and what a checkpoint must be allowed.</summary>
public sealed class OciMigrationTests : OciBundleTests
{
    public OciMigrationTests() => Counting = new CountingContainer(Bundle);

    private CountingContainer Counting { get; }

    private string Images => Path.Combine(Bundle.Path, "images");

    [CriuFact]
    public async Task Checkpoint_PageServer_HasTheMemoryThere()
    {
        await Counting.StartAsync();
        var pages = Directory.CreateDirectory(Path.Combine(Bundle.Path, "pages")).FullName;
        var port = FreePort();
        using var server = StartCriu("page-server", "--images-dir", pages, "--address", "127.0.0.1", "--port", port);
        await AwaitListenerAsync(port);

        CountingContainer.RequireDumped(Bundle.Run("checkpoint", "--page-server", "127.0.0.1:" + port, "--image-path", Images, Bundle.Id), Images);

        Assert.True(server.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.Empty(Directory.EnumerateFiles(Images, "pages-*"));
        Assert.NotEmpty(Directory.EnumerateFiles(pages, "pages-*"));
        foreach (var file in Directory.EnumerateFiles(pages))
        {
            File.Copy(file, Path.Combine(Images, Path.GetFileName(file)), overwrite: true);
        }

        await RestoreAsync(Bundle.Id);
    }

    /// <summary>The container stands, its memory in it, until whoever fetches that has gone.</summary>
    [CriuFact("uffd-noncoop")]
    public async Task Checkpoint_LazyPages_TellsThatItServesThem()
    {
        await Counting.StartAsync();
        var port = FreePort();
        var ready = Path.Combine(Bundle.Path, "ready");
        Command.Output("mkfifo", ready);
        string[] words = ["checkpoint", "--lazy-pages", "--page-server", "127.0.0.1:" + port, "--status-fd", "7", "--image-path", Images, Bundle.Id];
        using var checkpoint = Start("sh", ["-c", $"exec \"$0\" \"$@\" 7<>'{ready}'", Binaries.Runtime, .. Bundle.Flags, .. words]);
        await using (var status = new FileStream(ready, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            var word = new byte[1];
            Assert.Equal(1, await status.ReadAsync(word).AsTask().WaitAsync(Patience.Seconds(20)));
            Assert.Equal([0], word);
        }

        var before = Counting.Count;
        Assert.True(File.Exists(Path.Combine(Images, "inventory.img")));
        Assert.False(checkpoint.HasExited);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture));
        }

        Assert.True(checkpoint.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.Equal(0, checkpoint.ExitCode);
        Assert.Equal(before, Counting.Count);
        Assert.Contains("does not exist", Bundle.Run("state", Bundle.Id).Error, StringComparison.Ordinal);
    }

    [CriuFact("mem_dirty_track")]
    public async Task Checkpoint_PreDump_SavesWhatChangedSince()
    {
        await Counting.StartAsync();
        var first = Path.Combine(Images, "1");
        CountingContainer.RequireDumped(Bundle.Run("checkpoint", "--pre-dump", "--image-path", first, Bundle.Id), first);
        await Counting.AwaitAsync(Counting.Count);
        var last = Path.Combine(Images, "2");

        CountingContainer.RequireDumped(Bundle.Run("checkpoint", "--parent-path", "../1", "--image-path", last, Bundle.Id), last);

        Assert.True(File.Exists(Path.Combine(last, "parent", "inventory.img")));
        Assert.True(MemoryIn(last) < MemoryIn(first));
        await RestoreFromAsync(last, Bundle.Id);
    }

    /// <summary>criu 4.1 asks IPv6 sockets for what kernels of 2025 and later tell of unix sockets only (SO_PASSCRED).</summary>
    [CriuFact(minimum: "4.2")]
    public async Task CheckpointAndRestore_Connection_NeedsLeave()
    {
        const string Client = "until sleep 1000 | busybox nc 127.0.0.1 80; do sleep 0.01; done";
        const string Connected = "until busybox netstat -tn | grep -q EST; do sleep 0.01; done";
        await Counting.StartAsync($"(busybox nc -l -p 80 -e /bin/sleep 1000 &); {Client} & {Connected}");

        var refused = Bundle.Run("checkpoint", "--image-path", Images, Bundle.Id);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("Connected TCP socket", refused.Error, StringComparison.Ordinal);
        await Counting.AwaitAsync(Counting.Count);
        Directory.Delete(Images, recursive: true);

        CountingContainer.RequireDumped(Bundle.Run("checkpoint", "--tcp-established", "--image-path", Images, Bundle.Id), Images);
        await RestoreAsync(Bundle.Id, "--tcp-established");
        Assert.Contains("ESTABLISHED", Bundle.Run("exec", Bundle.Id, "busybox", "netstat", "-tn").Output, StringComparison.Ordinal);
    }

    [CriuFact]
    public async Task CheckpointAndRestore_AllOtherFlags_AreTaken()
    {
        await Counting.StartAsync();
        string[] common = ["--ext-unix-sk", "--shell-job", "--auto-dedup", "--manage-cgroups-mode", "soft", "--empty-ns", "network", "--tcp-established", "--file-locks"];
        var work = Path.Combine(Bundle.Path, "work");

        CountingContainer.RequireDumped(
            Bundle.Run(["checkpoint", .. common, "--link-remap", "--tcp-skip-in-flight", "--image-path", Images, "--work-path", work, Bundle.Id]), work);

        Assert.True(File.Exists(Path.Combine(work, "stats-dump")));
        var pidFile = Path.Combine(Bundle.Path, "pid");
        await RestoreAsync(Bundle.Id, [.. common, "--no-pivot", "--no-subreaper", "--pid-file", pidFile, "--work-path", work]);
        Assert.Equal(Bundle.State().GetProperty("pid").GetInt32(), int.Parse(await File.ReadAllTextAsync(pidFile), CultureInfo.InvariantCulture));
    }

    private static long MemoryIn(string folder) => Directory.EnumerateFiles(folder, "pages-*").Sum(path => new FileInfo(path).Length);

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Looked up, not tried: a page server takes one connection.</summary>
    private static Task AwaitListenerAsync(string port)
    {
        var local = $"0100007F:{int.Parse(port, CultureInfo.InvariantCulture):X4} 00000000:0000 0A";
        return Eventually.TrueAsync(() => File.ReadAllText("/proc/net/tcp").Contains(local, StringComparison.Ordinal));
    }

    private static Process StartCriu(params string[] arguments) => Start(Command.Find("criu")!, arguments);

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)) ?? throw new InvalidOperationException($"{program} did not start");

    private Task RestoreAsync(string id, params string[] flags) => RestoreFromAsync(Images, id, flags);

    private async Task RestoreFromAsync(string images, string id, params string[] flags)
    {
        var before = Counting.Count;
        OciBundle.RequireSuccess(Bundle.Run(["restore", "--detach", "--image-path", images, "--bundle", Bundle.Path, .. flags, id]));
        await Counting.AwaitAsync(before + 2);
    }
}
