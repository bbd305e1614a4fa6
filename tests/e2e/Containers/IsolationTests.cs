using System.Globalization;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Containers;

/// <summary>What a container's process sees of the machine, and what it must not.</summary>
public sealed class IsolationTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Namespaces_TwoContainersOfAPod_ShareNetIpcUtsOnly()
    {
        var config = fixture.Pod(NamespaceMode.Pod);
        await using var pod = await fixture.RunAsync(config, "sleep", "1000");
        var second = await fixture.CreateAsync(pod.Sandbox, config, Configs.Container(config, fixture.Image, "second", "sleep", "1000"));
        await fixture.StartAsync(second);
        foreach (var (type, shared) in new[] { ("net", true), ("ipc", true), ("uts", true), ("pid", false), ("mnt", false), ("cgroup", false) })
        {
            var one = await fixture.OutputAsync(pod.Container, "readlink", $"/proc/1/ns/{type}");
            var two = await fixture.OutputAsync(second, "readlink", $"/proc/1/ns/{type}");
            Assert.True(shared == (one == two), $"{type}: {one} {two}");
            Assert.NotEqual(new FileInfo($"/proc/self/ns/{type}").LinkTarget, one.Trim());
        }
    }

    [Fact]
    public async Task RootFilesystem_OfARunningContainer_IsNotInTheHostsMountTable()
    {
        var before = await File.ReadAllLinesAsync("/proc/self/mountinfo");
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var after = await File.ReadAllLinesAsync("/proc/self/mountinfo");
        Assert.DoesNotContain(after.Except(before), line => line.Contains("overlay", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Mounts_DefaultContainer_HasProcSysDevAndStandardNodes()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(NamespaceMode.Pod), "sleep", "1000");
        var mounts = await fixture.OutputAsync(pod.Container, "cat", "/proc/self/mounts");
        foreach (var expected in new[] { " /proc proc ", " /sys sysfs ro", " /dev tmpfs ", " /dev/pts devpts ", " /dev/mqueue mqueue ", " /dev/shm tmpfs " })
        {
            Assert.Contains(expected, mounts, StringComparison.Ordinal);
        }

        var nodes = await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "for n in null zero full random urandom tty; do [ -c /dev/$n ] && echo $n; done");
        Assert.Equal("null\nzero\nfull\nrandom\nurandom\ntty\n", nodes);
    }

    [Fact]
    public async Task SharedMemory_FileOfOneContainer_IsSeenByTheOther()
    {
        var config = fixture.Pod();
        await using var pod = await fixture.RunAsync(config, "sleep", "1000");
        var second = await fixture.CreateAsync(pod.Sandbox, config, Configs.Container(config, fixture.Image, "second", "sleep", "1000"));
        await fixture.StartAsync(second);
        await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "echo shared > /dev/shm/x");
        Assert.Equal("shared\n", await fixture.OutputAsync(second, "cat", "/dev/shm/x"));
    }

    [Fact]
    public async Task Descriptors_OfTheProgram_AreStdioOnly()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        Assert.Equal("0\n1\n2\n", await fixture.OutputAsync(pod.Container, "ls", "-1", "/proc/1/fd"));
        Assert.Equal("0\n1\n2\n3\n", await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "exec ls -1 /proc/self/fd"));
    }

    [Fact]
    public async Task Capabilities_OfExecAndInit_AreTheDefaultSetWithEmptyInheritable()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        foreach (var process in new[] { "1", "self" })
        {
            var status = await fixture.OutputAsync(pod.Container, "grep", "Cap", $"/proc/{process}/status");
            Assert.Contains("CapInh:\t0000000000000000", status, StringComparison.Ordinal);
            Assert.Contains("CapEff:\t00000000a80425fb", status, StringComparison.Ordinal);
            Assert.Contains("CapBnd:\t00000000a80425fb", status, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task User_ByNumberWithGroups_IsExactlyThat()
    {
        var config = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(config);
        var container = Configs.Container(config, fixture.Image, "c", "sleep", "1000");
        container.Linux.SecurityContext.RunAsUser = new Int64Value { Value = 1000 };
        container.Linux.SecurityContext.RunAsGroup = new Int64Value { Value = 1000 };
        container.Linux.SecurityContext.SupplementalGroups.Add(1234);
        var id = await fixture.CreateAsync(sandbox, config, container);
        await fixture.StartAsync(id);
        Assert.Equal("uid=1000(user) gid=1000(user) groups=1000(user),1234,50000(extra)", (await fixture.OutputAsync(id, "id")).Trim());
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task Limits_MemoryCpuPids_AreInTheKernelsFiles()
    {
        var config = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(config);
        var container = Configs.Container(config, fixture.Image, "c", "sleep", "1000");
        container.Linux.Resources = new LinuxContainerResources { MemoryLimitInBytes = 32 << 20, CpuPeriod = 100_000, CpuQuota = 20_000, CpuShares = 256 };
        var id = await fixture.CreateAsync(sandbox, config, container);
        await fixture.StartAsync(id);
        var values = await fixture.OutputAsync(id, "/bin/sh", "-c",
            "cd /sys/fs/cgroup; if [ -e memory.max ]; then cat memory.max; cut -d' ' -f1 cpu.max; else cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us; fi");
        Assert.Equal($"{(32 << 20).ToString(CultureInfo.InvariantCulture)}\n20000\n", values);
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task Mount_ReadOnlyAndReadWrite_AreEnforced()
    {
        var config = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(config);
        var source = Directory.CreateDirectory(Path.Combine(fixture.Server.Scratch, "volume")).FullName;
        var container = Configs.Container(config, fixture.Image, "c", "sleep", "1000");
        container.Mounts.Add(new Mount { HostPath = source, ContainerPath = "/rw" });
        container.Mounts.Add(new Mount { HostPath = source, ContainerPath = "/ro", Readonly = true });
        var id = await fixture.CreateAsync(sandbox, config, container);
        await fixture.StartAsync(id);
        Assert.Equal(0, (await fixture.ExecAsync(id, "touch", "/rw/file")).ExitCode);
        Assert.NotEqual(0, (await fixture.ExecAsync(id, "touch", "/ro/other")).ExitCode);
        Assert.True(File.Exists(Path.Combine(source, "file")));
        Assert.Equal(["/rw", "/ro"], (await fixture.StatusAsync(id)).Mounts.Select(mount => mount.ContainerPath));
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task ReadonlyRootfs_Write_IsRefused()
    {
        var config = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(config);
        var container = Configs.Container(config, fixture.Image, "c", "sleep", "1000");
        container.Linux.SecurityContext.ReadonlyRootfs = true;
        var id = await fixture.CreateAsync(sandbox, config, container);
        await fixture.StartAsync(id);
        var reply = await fixture.ExecAsync(id, "touch", "/file");
        Assert.NotEqual(0, reply.ExitCode);
        Assert.Contains("Read-only file system", reply.Stderr.ToStringUtf8(), StringComparison.Ordinal);
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task RuntimeBinary_WrittenThroughProcSelfExe_IsReadOnly()
    {
        var config = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(config);

        // CVE-2019-5736: the entry point is the runtime itself, which must not be writable through /proc/self/exe.
        var id = await fixture.CreateAsync(sandbox, config, Configs.Container(config, fixture.Image, "c", "sleep", "1000"));
        await fixture.StartAsync(id);
        var before = await File.ReadAllBytesAsync(Binaries.Runtime);
        await fixture.ExecAsync(id, "/bin/sh", "-c", "for p in /proc/[0-9]*; do ( echo pwned > $p/exe ) 2>/dev/null; done; true");
        Assert.Equal(before, await File.ReadAllBytesAsync(Binaries.Runtime));
        await fixture.RemovePodAsync(sandbox);
    }
}
