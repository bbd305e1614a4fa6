using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;
using ProfileType = CriShim.Cri.V1.SecurityProfile.Types.ProfileType;

namespace CriShim.E2e.Isolation;

/// <summary>What confines a container is what it asked for, and it holds.</summary>
public sealed class AppArmorTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Own = "crishim-e2e-no-writes";

    private const string OwnText = $$"""
        profile {{Own}} flags=(attach_disconnected,mediate_deleted) {
          file,
          network,
          capability,
          signal,
          deny /forbidden/** w,
        }
        """;

    [AppArmorFact]
    public async Task Nothing_Asked_IsTheDefaultProfile()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        Assert.Equal("crishim-default (enforce)", await LabelAsync(pod.Container, "1"));
        Assert.Equal("crishim-default (enforce)", await LabelAsync(pod.Container, "self"));
    }

    [AppArmorFact]
    public async Task DefaultProfile_KernelSettingsAndMounts_AreRefused()
    {
        // Without the mount of /proc/sys being read-only, and with every capability: only the profile is left.
        var container = await RunAsync(new LinuxContainerSecurityContext { Capabilities = new Capability { AddCapabilities = { "ALL" } } });
        foreach (var forbidden in new[]
        {
            "mount -t tmpfs none /mnt", "echo 1 > /proc/sys/kernel/panic", "echo 1 > /proc/sys/vm/drop_caches", "echo h > /proc/sysrq-trigger",
            "echo x > /proc/sys/kernel/core_pattern", "echo 0 > /proc/sys/fs/file-max", "cat /sys/kernel/security/apparmor/profiles",
        })
        {
            Assert.NotEqual(0, (await fixture.ExecAsync(container, "/bin/sh", "-c", forbidden)).ExitCode);
        }

        await fixture.OutputAsync(container, "/bin/sh", "-c", "echo x > /file; kill -0 1; cat /proc/sys/kernel/shmmax; echo 1 > /proc/sys/net/ipv4/ip_forward || true");
    }

    [AppArmorFact]
    public async Task Unconfined_Asked_IsNoProfile()
    {
        var container = await RunAsync(new LinuxContainerSecurityContext { Apparmor = new SecurityProfile { ProfileType = ProfileType.Unconfined } });
        Assert.Equal("unconfined", await LabelAsync(container, "1"));
    }

    [AppArmorFact]
    public async Task Localhost_Loaded_IsThatAndHolds()
    {
        Load("--replace");
        try
        {
            var container = await RunAsync(new LinuxContainerSecurityContext { Apparmor = new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = Own } });
            Assert.Equal($"{Own} (enforce)", await LabelAsync(container, "self"));
            Assert.NotEqual(0, (await fixture.ExecAsync(container, "/bin/sh", "-c", "mkdir /forbidden; echo x > /forbidden/file")).ExitCode);
            await fixture.OutputAsync(container, "touch", "/allowed");
        }
        finally
        {
            Load("--remove");
        }
    }

    [AppArmorFact]
    public async Task Localhost_NotLoaded_IsAnErrorOfCreateThatNamesIt()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "true");
        config.Linux.SecurityContext.Apparmor = new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = "no-such-profile" };
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "no-such-profile", () => fixture.CreateAsync(sandbox, pod, config));
        await fixture.RemovePodAsync(sandbox);
    }

    private static void Load(string mode)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, OwnText);
        Command.Output("apparmor_parser", mode, "--skip-cache", file);
        File.Delete(file);
    }

    /// <summary>A container in a pod of its own, which the fixture's server removes at its end.</summary>
    private async Task<string> RunAsync(LinuxContainerSecurityContext context)
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "sleep", "1000");
        context.NamespaceOptions = config.Linux.SecurityContext.NamespaceOptions;
        config.Linux.SecurityContext = context;
        var container = await fixture.CreateAsync(sandbox, pod, config);
        await fixture.StartAsync(container);
        return container;
    }

    private async Task<string> LabelAsync(string container, string process) =>
        (await fixture.OutputAsync(container, "cat", $"/proc/{process}/attr/current")).Trim('\n', '\0');
}
