using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.Linux;
using CriShim.TestKit;
using static CriShim.Linux.LibC.Files;
using ProfileType = CriShim.Cri.V1.SecurityProfile.Types.ProfileType;

namespace CriShim.E2e.Isolation.Escapes;

/// <summary>What stands between a container and the host: the default seccomp profile, sockets, folders, cgroups, annotations.</summary>
public sealed class HostBoundaryTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const int EPERM = 1;
    private const int ENOSYS = 38;

    /// <summary>Calls by number and arguments, x86_64. What gets through has its ordinary error; what does not, EPERM or ENOSYS.</summary>
    private static readonly (string Name, string Call)[] s_forbidden =
    [
        ("socket(AF_ALG)", "41,38,5,0"), ("socket(AF_VSOCK)", "41,40,1,0"), ("io_uring_setup", "425,1,0"), ("unshare(CLONE_NEWUSER)", "272,0x10000000"),
        ("clone3", "435,0,0"), ("mount", "165,0,0,0,0,0"), ("bpf", "321,0,0,0"), ("keyctl", "250,0,-3,0"), ("perf_event_open", "298,0,0,-1,-1,0"),
        ("kexec_load", "246,0,0,0,0"), ("init_module", "175,0,0,0"), ("open_by_handle_at", "304,-1,0,0"), ("userfaultfd", "323,0"),
        ("fsopen", "430,0,0"), ("open_tree", "428,-100,0,1"), ("setns", "308,0,0"), ("add_key", "248,0,0,0,0,0"), ("reboot", "169,0,0,0,0"),
    ];

    /// <summary>What escapes of recent years began with; calls that are newer than the profile answer ENOSYS.</summary>
    [InstalledFact("gcc")]
    public async Task DefaultSeccompProfile_CallsOfAttacks_AreRefused()
    {
        using var probe = new SyscallProbe();
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "sleep", "1000");
        config.Mounts.Add(new Mount { HostPath = probe.Folder, ContainerPath = "/probe", Readonly = true });
        config.Linux.SecurityContext.Seccomp = new SecurityProfile { ProfileType = ProfileType.RuntimeDefault };
        var container = await fixture.CreateAsync(sandbox, pod, config);
        await fixture.StartAsync(container);
        var errors = SyscallProbe.Errors(await fixture.OutputAsync(container, [SyscallProbe.PathInContainer, .. s_forbidden.Select(item => item.Call), "39"]));
        Assert.Equal([], s_forbidden.Zip(errors).Where(pair => pair.Second is not (EPERM or ENOSYS)).Select(pair => $"{pair.First.Name}: {pair.Second}"));
        Assert.Equal(0, errors[^1]); // getpid
        await fixture.RemovePodAsync(sandbox);
    }

    /// <summary>CVE-2020-15257: an abstract socket has no owner, and belongs to the network namespace.</summary>
    [Fact]
    public async Task AbstractSockets_OfOurs_AreNone()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var sockets = await fixture.OutputAsync(pod.Container, "cat", "/proc/net/unix");
        Assert.DoesNotContain(sockets.Split('\n'), line => line.Contains(" @", StringComparison.Ordinal) && line.Contains("crishim", StringComparison.Ordinal));
    }

    /// <summary>CVE-2021-41103, CVE-2024-25621: nobody on the host but root gets to the containers' files, whatever the umask was.</summary>
    [Fact]
    public async Task Folders_OfTheServer_AreRootsOnly()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        foreach (var folder in new[] { fixture.Server.Root, Path.Combine(fixture.Server.State, "containers"), Path.Combine(fixture.Server.State, "sandboxes") })
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(folder) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite));
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(fixture.Server.State, "containers"), "*", SearchOption.AllDirectories).Append(fixture.Server.SocketPath))
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(file) & UnixFileMode.OtherWrite);
        }
    }

    /// <summary>CVE-2019-14891: who watches a container is not in its cgroup, where memory or pids could run out.</summary>
    [Fact]
    public async Task Supervisor_OfAContainer_IsOutsideItsCgroup()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var cgroups = await File.ReadAllTextAsync($"/proc/{Supervisors.Of(fixture.Server.State, pod.Container)}/cgroup");
        Assert.NotEqual("", cgroups);
        Assert.DoesNotContain(pod.Container, cgroups, StringComparison.Ordinal);
    }

    /// <summary>CVE-2019-5736: who gets hold of its /proc/PID/exe cannot write our file, not even when it executes no more (ETXTBSY).</summary>
    [Fact]
    public async Task Supervisor_OfAContainer_RunsFromAReadOnlyMountUnderItsName()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var process = $"/proc/{Supervisors.Of(fixture.Server.State, pod.Container)}";
        using var file = Fd.Open($"{process}/exe", O_PATH);
        Assert.True(DetachedMount.IsReadOnly(file));
        Assert.Equal("crishim-runtime\n", await File.ReadAllTextAsync($"{process}/comm"));
    }

    /// <summary>CVE-2023-6476, CVE-2024-3154: an annotation changes nothing.</summary>
    [Fact]
    public async Task Annotations_OfOtherRuntimes_ChangeNoLimit()
    {
        var pod = fixture.Pod();
        foreach (var annotation in new[] { "org.systemd.property.ExecStartPre", "io.kubernetes.cri-o.Devices", "cpu-quota.crio.io", "io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw", "run.oci.mount_context_type" })
        {
            pod.Annotations[annotation] = "'/bin/sh'";
        }

        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "sleep", "1000");
        foreach (var (key, value) in pod.Annotations)
        {
            config.Annotations[key] = value;
        }

        config.Linux.Resources = new LinuxContainerResources { MemoryLimitInBytes = 64 << 20 };
        var container = await fixture.CreateAsync(sandbox, pod, config);
        await fixture.StartAsync(container);
        Assert.Equal("67108864\n", await fixture.OutputAsync(container, "/bin/sh", "-c", "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; true"));
        Assert.NotEqual(0, (await fixture.ExecAsync(container, "/bin/sh", "-c", "mkdir /sys/fs/cgroup/x || mkdir /sys/fs/cgroup/memory/x")).ExitCode);
        await fixture.RemovePodAsync(sandbox);
    }
}
