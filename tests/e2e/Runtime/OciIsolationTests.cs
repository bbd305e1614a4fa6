using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>What a container sees and can do, and what a hostile root cannot make the runtime do.</summary>
public sealed class OciIsolationTests : OciBundleTests
{
    [Fact]
    public void Run_DefaultSpec_HasNamespacesOfItsOwn()
    {
        var own = new[] { "mnt", "pid", "net", "ipc", "uts", "cgroup" }.Select(type => new FileInfo($"/proc/self/ns/{type}").LinkTarget!);

        var inside = Bundle.RunScript("for n in mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done; echo $$; hostname").Output.Split('\n');

        Assert.Empty(inside.Intersect(own));
        Assert.Equal(("1", "crishim"), (inside[6], inside[7]));
    }

    [Fact]
    public void Run_DefaultSpec_PassesNoDescriptor() =>
        Assert.Equal("end\n", Bundle.RunScript("for i in 3 4 5 6 7 8 9 10 11 12 13; do test ! -e /proc/1/fd/$i || echo fd $i; done; echo end").Output);

    [Fact]
    public void Run_DefaultSpec_PassesNoSignalMask()
    {
        Bundle.WriteSpec("grep", "-E", "Sig(Ign|Blk)", "/proc/self/status");

        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", Bundle.Run("run", "--bundle", Bundle.Path, Bundle.Id).Output);
    }

    [Fact]
    public void Run_DefaultSpec_CoversAndFreezesPaths()
    {
        var output = Bundle.RunScript(
            "cat /proc/keys | wc -c; ls /sys/firmware | wc -l; touch /proc/sys/kernel/hostname 2>&1 | grep -c 'Read-only'; touch /x 2>&1 | grep -c 'Read-only'; echo a > /dev/null && echo null").Output;

        Assert.Equal("0\n0\n1\n1\nnull\n", output);
    }

    [Fact]
    public void Run_DefaultSpec_SeesItsCgroupAsRoot() =>
        Assert.All(
            Bundle.RunScript("cat /proc/self/cgroup").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains("freezer", StringComparison.Ordinal)),
            line => Assert.EndsWith(":/", line, StringComparison.Ordinal));

    [Fact]
    public void Run_UserAndLimits_AreExact()
    {
        Bundle.Spec = Bundle.Spec with
        {
            Process = Bundle.Spec.Process! with
            {
                User = new UserSpec { Uid = 1000, Gid = 1001, AdditionalGids = [1002], Umask = 0b010_010_111 },
                Rlimits = [new RlimitSpec { Type = "RLIMIT_NOFILE", Soft = 77, Hard = 99 }],
                Env = [[.. "RAW="u8, 0xFF, 0xFE]],
            },
        };

        var output = Bundle.RunScript("id; umask; ulimit -n; ulimit -Hn; grep -E 'CapEff|Groups' /proc/self/status; cat /proc/1/environ | wc -c").Output;

        Assert.Equal("uid=1000 gid=1001 groups=1002\n0227\n77\n99\nGroups:\t1002 \nCapEff:\t0000000000000000\n7\n", output);
    }

    [Fact]
    public void Run_WorkingFolderThatIsMissing_IsMade()
    {
        Bundle.Spec = Bundle.Spec with { Process = Bundle.Spec.Process! with { Cwd = "/made/here" }, Root = Bundle.Spec.Root! with { Readonly = false } };

        Assert.Equal("/made/here\n", Bundle.RunScript("pwd").Output);
    }

    [Fact]
    public void Run_WorkingFolderThroughDescriptor_IsRefused()
    {
        Bundle.Spec = Bundle.Spec with { Process = Bundle.Spec.Process! with { Cwd = "/proc/self/fd/7" } };

        Assert.NotEqual(0, Bundle.RunScript("pwd").ExitCode);
    }

    [Theory]
    [InlineData("proc")]
    [InlineData("sys")]
    [InlineData("dev")]
    public void Run_RootWithLinkInsteadOfFolder_IsRefusedAndTheHostUntouched(string name)
    {
        var outside = Path.Combine(Bundle.Path, "outside");
        Directory.CreateDirectory(outside);
        File.CreateSymbolicLink(Bundle.Rootfs(name), "/../../outside");
        Directory.CreateDirectory(Bundle.Rootfs("outside"));

        Assert.NotEqual(0, Bundle.RunScript("true").ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    [Fact]
    public void Run_VolumeOverLinkOut_StaysInTheRoot()
    {
        var outside = Path.Combine(Bundle.Path, "outside");
        Directory.CreateDirectory(outside);
        File.CreateSymbolicLink(Bundle.Rootfs("data"), outside);
        AddMount(new MountSpec { Destination = "/data/x", Type = "bind", Source = Bundle.Path, Options = ["rbind", "ro"] });

        Bundle.RunScript("true");

        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    /// <summary>What is later found by its place must be found in every spelling of it (CVE-2019-19921 with a slash more).</summary>
    [Theory]
    [InlineData("/proc/")]
    [InlineData("/proc/.")]
    [InlineData("/none/../proc")]
    public void Run_VolumeInsteadOfProc_IsRefused(string destination)
    {
        Bundle.Spec = Bundle.Spec with { Mounts = [.. Bundle.Spec.Mounts!.Where(mount => mount.Destination != "/proc")] };
        AddMount(new MountSpec { Destination = destination, Type = "bind", Source = Bundle.Path, Options = ["rbind"] });

        Assert.Contains("/proc", Bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev")]
    [InlineData("/dev/")]
    [InlineData("/none/../dev/.")]
    public void Run_VolumeOverDev_GetsNoDeviceNodes(string destination)
    {
        var volume = Directory.CreateDirectory(Path.Combine(Bundle.Path, "volume")).FullName;
        AddMount(new MountSpec { Destination = destination, Type = "bind", Source = volume, Options = ["rbind"] });

        OciBundle.RequireSuccess(Bundle.RunScript("true"));

        Assert.Empty(Directory.EnumerateFileSystemEntries(volume));
    }

    [Fact]
    public void Run_VolumeInsideProc_IsRefused()
    {
        AddMount(new MountSpec { Destination = "/proc/sys/kernel", Type = "bind", Source = Bundle.Path, Options = ["rbind"] });

        Assert.Contains("/proc", Bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ReadonlyVolume_CannotBeWritten()
    {
        var volume = Path.Combine(Bundle.Path, "volume");
        Directory.CreateDirectory(volume);
        AddMount(new MountSpec { Destination = "/data", Type = "bind", Source = volume, Options = ["rbind", "ro", "nosuid"] });

        Assert.Contains("Read-only", Bundle.RunScript("touch /data/x").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TmpfsWithCopyUp_HasWhatItCovers()
    {
        Directory.CreateDirectory(Bundle.Rootfs("etc", "sub"));
        File.WriteAllText(Bundle.Rootfs("etc", "sub", "file"), "covered\n");
        AddMount(new MountSpec { Destination = "/etc", Type = "tmpfs", Source = "tmpfs", Options = ["tmpcopyup", "mode=755"] });

        Assert.Equal("covered\n", Bundle.RunScript("touch /etc/new && cat /etc/sub/file").Output);
    }

    [Fact]
    public void Run_RuntimeBinary_CannotBeWritten()
    {
        Bundle.Start("sleep", "100");
        var before = Command.Output("sha256sum", Binaries.Runtime);

        // The init of a container that waits at its gate is our binary; CVE-2019-5736 wrote to it through /proc/PID/exe.
        Bundle.Run("exec", Bundle.Id, "sh", "-c", "echo x > /proc/1/exe; echo x > /proc/self/exe");

        Assert.Equal(before, Command.Output("sha256sum", Binaries.Runtime));
    }

    [Fact]
    public void Run_SeccompProfile_Holds()
    {
        Bundle.Spec = Bundle.Spec with
        {
            Root = Bundle.Spec.Root! with { Readonly = false },
            Linux = Bundle.Spec.Linux! with
            {
                Seccomp = new SeccompSpec
                {
                    DefaultAction = "SCMP_ACT_ALLOW",
                    Syscalls = [new SeccompSyscallSpec { Names = ["mkdir", "mkdirat"], Action = "SCMP_ACT_ERRNO", ErrnoRet = 95 }],
                },
            },
        };

        // Twice: compiled, then as kept.
        Assert.Contains("not supported", Bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
        Assert.Contains("not supported", Bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_SeccompProfileThatIsUnknown_IsAnError()
    {
        Bundle.Spec = Bundle.Spec with { Linux = Bundle.Spec.Linux! with { Seccomp = new SeccompSpec { DefaultAction = "SCMP_ACT_NONSENSE" } } };

        Assert.Contains("seccomp", Bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_UserNamespace_MapsRoot()
    {
        Command.Output("chown", "-R", "100000:100000", Bundle.Rootfs());
        IReadOnlyList<IdMapping> map = [new IdMapping { ContainerID = 0, HostID = 100000, Size = 65536 }];
        Bundle.Spec = Bundle.Spec with
        {
            Linux = Bundle.Spec.Linux! with { Namespaces = [.. Bundle.Spec.Linux.Namespaces!, new NamespaceSpec { Type = "user" }], UidMappings = map, GidMappings = map },
        };
        var secret = Path.Combine(Bundle.Path, "volume");
        Directory.CreateDirectory(Path.Combine(secret, "inner"));
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        AddMount(new MountSpec { Destination = "/data", Type = "bind", Source = Path.Combine(secret, "inner"), Options = ["rbind"] });

        var result = Bundle.RunScript("id; grep -c 100000 /proc/self/uid_map; ls -d /data");

        Assert.Equal("uid=0 gid=0\n1\n/data\n", result.Output);
    }

    private void AddMount(MountSpec mount) => Bundle.Spec = Bundle.Spec with { Mounts = [.. Bundle.Spec.Mounts!, mount] };
}
