using CriShim.Runtime.Contract;
using CriShim.Runtime.Criu;

namespace CriShim.Runtime.Tests.Criu;

/// <summary>Flags of `checkpoint` and `restore`, and the members of criu_opts that they become.</summary>
public sealed class CheckpointOptionsTests
{
    [Fact]
    public void Parse_AllFlags_AreKept()
    {
        var options = CheckpointOptions.Parse(
        [
            "--image-path", "/i", "--work-path=/w", "--parent-path", "../1", "--leave-running", "--link-remap", "--tcp-skip-in-flight", "--pre-dump",
            "--lazy-pages", "--status-fd", "7", "--page-server", "[::1]:80", "--tcp-established", "--ext-unix-sk", "--shell-job", "--file-locks",
            "--auto-dedup", "--manage-cgroups-mode", "strict", "--empty-ns", "network", "c1",
        ]);

        Assert.Equal(("c1", "/i", "/w", "../1"), (options.Id, options.Common.ImagePath, options.Common.WorkPath, options.ParentPath));
        Assert.True(options is { LeaveRunning: true, LinkRemap: true, TcpSkipInFlight: true, IsPreDump: true, LazyPages: true, StatusFd: 7 });
        Assert.Equal(("::1", 80), options.PageServer);
        Assert.True(options.Common is { TcpEstablished: true, ExternalUnixSockets: true, ShellJob: true, FileLocks: true, AutoDedup: true, CgroupMode: 5 });
        Assert.Equal(0x40000000, options.Common.EmptyNamespaces);
    }

    [Fact]
    public void Parse_NoFlags_IsAPlainDump()
    {
        var options = CheckpointOptions.Parse(["--status-fd", "-1", "c1"]);

        Assert.True(options is { LeaveRunning: false, IsPreDump: false, LazyPages: false, StatusFd: null, ParentPath: null, PageServer: null });
        Assert.Equal(Path.GetFullPath("checkpoint"), options.Common.ImagePath);
        Assert.Equal(options.Common.ImagePath, options.Common.WorkPath);
        Assert.Empty(options.Write(new ProtoWriter()).ToArray());
    }

    [Theory]
    [InlineData("--status-fd", "-2")]
    [InlineData("--status-fd", "x")]
    [InlineData("--page-server", ":1")]
    [InlineData("--page-server", "host:65536")]
    [InlineData("--parent-path", "/p")]
    [InlineData("--empty-ns", "pid")]
    [InlineData("--manage-cgroups-mode", "none")]
    public void Parse_WrongValue_NamesTheFlag(string flag, string value) =>
        Assert.Contains(flag, Assert.Throws<RuntimeException>(() => CheckpointOptions.Parse([flag, value, "c1"])).Message, StringComparison.Ordinal);

    [Fact]
    public void Write_LazyPagesWithPort_HasBoth()
    {
        var options = CheckpointOptions.Parse(["--lazy-pages", "--page-server", "a:80", "c1"]);

        // ps { address, port }, lazy_pages
        Assert.Equal([0x80, 0x03, 1, 0x5A, 5, 0x0A, 1, (byte)'a', 0x10, 80], options.Write(new ProtoWriter()).ToArray());
    }

    /// <summary>Without track_mem criu saves all of the memory again.</summary>
    [Fact]
    public void Write_Parent_TracksMemory() =>
        Assert.Equal([0x72, 1, (byte)'p', 0x78, 1], CheckpointOptions.Parse(["--parent-path", "p", "c1"]).Write(new ProtoWriter()).ToArray());

    [Fact]
    public void Write_NetworkLeftAlone_IsSkip() =>
        Assert.Equal([0x80, 0x04, 3], (CheckpointOptions.Parse(["c1"]) with { SkipsNetworkLock = true }).Write(new ProtoWriter()).ToArray());

    [Fact]
    public void ParseRestore_AllFlags_AreKept()
    {
        var options = RestoreOptions.Parse(
        [
            "--image-path", "/i", "--bundle", "/b", "--console-socket", "/s", "--pid-file", "/p", "-d", "--no-pivot", "--no-subreaper", "--lazy-pages",
            "--lsm-profile", "apparmor:x", "--lsm-mount-context", "c", "c1",
        ]);

        Assert.True(options is { Detach: true, LazyPages: true, Id: "c1", BundlePath: "/b", ConsoleSocket: "/s", PidFile: "/p" });
        Assert.Equal(("apparmor:x", "c"), (options.LsmProfile, options.LsmMountContext));
    }
}
