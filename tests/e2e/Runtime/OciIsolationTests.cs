using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>What a container sees and can do, and what a hostile root cannot make the runtime do.</summary>
public sealed class OciIsolationTests : IAsyncLifetime, IDisposable
{
    private readonly LeakCheck _leaks = new();
    private readonly OciBundle _bundle = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public void Dispose() => _bundle.Dispose();

    public async Task DisposeAsync()
    {
        _bundle.Dispose();
        await _leaks.AssertCleanAsync();
    }

    [Fact]
    public void Run_DefaultSpec_HasNamespacesOfItsOwn()
    {
        var own = new[] { "mnt", "pid", "net", "ipc", "uts", "cgroup" }.Select(type => new FileInfo($"/proc/self/ns/{type}").LinkTarget!);

        var inside = _bundle.RunScript("for n in mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done; echo $$; hostname").Output.Split('\n');

        Assert.Empty(inside.Intersect(own));
        Assert.Equal(("1", "crishim"), (inside[6], inside[7]));
    }

    [Fact]
    public void Run_DefaultSpec_PassesNoDescriptor() =>
        Assert.Equal("end\n", _bundle.RunScript("for i in 3 4 5 6 7 8 9 10 11 12 13; do test ! -e /proc/1/fd/$i || echo fd $i; done; echo end").Output);

    [Fact]
    public void Run_DefaultSpec_PassesNoSignalMask()
    {
        _bundle.WriteSpec("grep", "-E", "Sig(Ign|Blk)", "/proc/self/status");

        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", _bundle.Run("run", "--bundle", _bundle.Path, _bundle.Id).Output);
    }

    [Fact]
    public void Run_DefaultSpec_CoversAndFreezesPaths()
    {
        var output = _bundle.RunScript(
            "cat /proc/keys | wc -c; ls /sys/firmware | wc -l; touch /proc/sys/kernel/hostname 2>&1 | grep -c 'Read-only'; touch /x 2>&1 | grep -c 'Read-only'; echo a > /dev/null && echo null").Output;

        Assert.Equal("0\n0\n1\n1\nnull\n", output);
    }

    [Fact]
    public void Run_DefaultSpec_SeesItsCgroupAsRoot() =>
        Assert.All(
            _bundle.RunScript("cat /proc/self/cgroup").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains("freezer", StringComparison.Ordinal)),
            line => Assert.EndsWith(":/", line, StringComparison.Ordinal));

    [Fact]
    public void Run_UserAndLimits_AreExact()
    {
        _bundle.Spec = _bundle.Spec with
        {
            Process = _bundle.Spec.Process! with
            {
                User = new UserSpec { Uid = 1000, Gid = 1001, AdditionalGids = [1002], Umask = 0b010_010_111 },
                Rlimits = [new RlimitSpec { Type = "RLIMIT_NOFILE", Soft = 77, Hard = 99 }],
                Env = [[.. "RAW="u8, 0xFF, 0xFE]],
            },
        };

        var output = _bundle.RunScript("id; umask; ulimit -n; ulimit -Hn; grep -E 'CapEff|Groups' /proc/self/status; cat /proc/1/environ | wc -c").Output;

        Assert.Equal("uid=1000 gid=1001 groups=1002\n0227\n77\n99\nGroups:\t1002 \nCapEff:\t0000000000000000\n7\n", output);
    }

    [Fact]
    public void Run_WorkingFolderThatIsMissing_IsMade()
    {
        _bundle.Spec = _bundle.Spec with { Process = _bundle.Spec.Process! with { Cwd = "/made/here" }, Root = _bundle.Spec.Root! with { Readonly = false } };

        Assert.Equal("/made/here\n", _bundle.RunScript("pwd").Output);
    }

    [Fact]
    public void Run_WorkingFolderThroughDescriptor_IsRefused()
    {
        _bundle.Spec = _bundle.Spec with { Process = _bundle.Spec.Process! with { Cwd = "/proc/self/fd/7" } };

        Assert.NotEqual(0, _bundle.RunScript("pwd").ExitCode);
    }

    [Theory]
    [InlineData("proc")]
    [InlineData("sys")]
    [InlineData("dev")]
    public void Run_RootWithLinkInsteadOfFolder_IsRefusedAndTheHostUntouched(string name)
    {
        var outside = Path.Combine(_bundle.Path, "outside");
        Directory.CreateDirectory(outside);
        File.CreateSymbolicLink(_bundle.Rootfs(name), "/../../outside");
        Directory.CreateDirectory(_bundle.Rootfs("outside"));

        Assert.NotEqual(0, _bundle.RunScript("true").ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    [Fact]
    public void Run_VolumeOverLinkOut_StaysInTheRoot()
    {
        var outside = Path.Combine(_bundle.Path, "outside");
        Directory.CreateDirectory(outside);
        File.CreateSymbolicLink(_bundle.Rootfs("data"), outside);
        AddMount(new MountSpec { Destination = "/data/x", Type = "bind", Source = _bundle.Path, Options = ["rbind", "ro"] });

        _bundle.RunScript("true");

        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    [Fact]
    public void Run_VolumeInsideProc_IsRefused()
    {
        AddMount(new MountSpec { Destination = "/proc/sys/kernel", Type = "bind", Source = _bundle.Path, Options = ["rbind"] });

        Assert.Contains("/proc", _bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ReadonlyVolume_CannotBeWritten()
    {
        var volume = Path.Combine(_bundle.Path, "volume");
        Directory.CreateDirectory(volume);
        AddMount(new MountSpec { Destination = "/data", Type = "bind", Source = volume, Options = ["rbind", "ro", "nosuid"] });

        Assert.Contains("Read-only", _bundle.RunScript("touch /data/x").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TmpfsWithCopyUp_HasWhatItCovers()
    {
        Directory.CreateDirectory(_bundle.Rootfs("etc", "sub"));
        File.WriteAllText(_bundle.Rootfs("etc", "sub", "file"), "covered\n");
        AddMount(new MountSpec { Destination = "/etc", Type = "tmpfs", Source = "tmpfs", Options = ["tmpcopyup", "mode=755"] });

        Assert.Equal("covered\n", _bundle.RunScript("touch /etc/new && cat /etc/sub/file").Output);
    }

    [Fact]
    public void Run_RuntimeBinary_CannotBeWritten()
    {
        _bundle.Start("sleep", "100");
        var before = Command.Output("sha256sum", Binaries.Runtime);

        // The init of a container that waits at its gate is our binary; CVE-2019-5736 wrote to it through /proc/PID/exe.
        _bundle.Run("exec", _bundle.Id, "sh", "-c", "echo x > /proc/1/exe; echo x > /proc/self/exe");

        Assert.Equal(before, Command.Output("sha256sum", Binaries.Runtime));
    }

    [Fact]
    public void Run_SeccompProfile_Holds()
    {
        _bundle.Spec = _bundle.Spec with
        {
            Root = _bundle.Spec.Root! with { Readonly = false },
            Linux = _bundle.Spec.Linux! with
            {
                Seccomp = new SeccompSpec
                {
                    DefaultAction = "SCMP_ACT_ALLOW",
                    Syscalls = [new SeccompSyscallSpec { Names = ["mkdir", "mkdirat"], Action = "SCMP_ACT_ERRNO", ErrnoRet = 95 }],
                },
            },
        };

        // Twice: compiled, then as kept.
        Assert.Contains("not supported", _bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
        Assert.Contains("not supported", _bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_SeccompProfileThatIsUnknown_IsAnError()
    {
        _bundle.Spec = _bundle.Spec with { Linux = _bundle.Spec.Linux! with { Seccomp = new SeccompSpec { DefaultAction = "SCMP_ACT_NONSENSE" } } };

        Assert.Contains("seccomp", _bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_UserNamespace_MapsRoot()
    {
        Command.Output("chown", "-R", "100000:100000", _bundle.Rootfs());
        IReadOnlyList<IdMapping> map = [new IdMapping { ContainerID = 0, HostID = 100000, Size = 65536 }];
        _bundle.Spec = _bundle.Spec with
        {
            Linux = _bundle.Spec.Linux! with { Namespaces = [.. _bundle.Spec.Linux.Namespaces!, new NamespaceSpec { Type = "user" }], UidMappings = map, GidMappings = map },
        };
        var secret = Path.Combine(_bundle.Path, "volume");
        Directory.CreateDirectory(Path.Combine(secret, "inner"));
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        AddMount(new MountSpec { Destination = "/data", Type = "bind", Source = Path.Combine(secret, "inner"), Options = ["rbind"] });

        var result = _bundle.RunScript("id; grep -c 100000 /proc/self/uid_map; ls -d /data");

        Assert.Equal("uid=0 gid=0\n1\n/data\n", result.Output);
    }

    private void AddMount(MountSpec mount) => _bundle.Spec = _bundle.Spec with { Mounts = [.. _bundle.Spec.Mounts!, mount] };
}
