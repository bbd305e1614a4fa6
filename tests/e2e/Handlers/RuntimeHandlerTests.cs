using System.Diagnostics;
using System.Text;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.E2e.Streams;
using CriShim.TestKit;

namespace CriShim.E2e.Handlers;

/// <summary>Pods whose containers another OCI runtime makes: all else must be as with the built-in one.</summary>
public sealed class RuntimeHandlerTests(HandlerFixture fixture) : IClassFixture<HandlerFixture>
{
    public static TheoryData<string> Working => [.. HandlerFixture.Working];

    private ServerFixture Server => fixture.Server;

    /// <summary>Memory, and then the quota.</summary>
    private const string Limits = "cd /sys/fs/cgroup; if [ -e memory.max ]; then cat memory.max cpu.max; else cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us; fi";

    [Fact]
    public async Task Status_OfTheServer_NamesTheHandlersAndTheirFeatures()
    {
        var status = await Eventually.GetAsync(
            () => Server.Client.RuntimeAsync<StatusResponse>(new StatusRequest()),
            s => s.RuntimeHandlers.Single(h => h.Name == HandlerFixture.Name).Features.RecursiveReadOnlyMounts);
        Assert.Equal(HandlerFixture.Working.Concat(["", "crishim", "missing"]).Order(StringComparer.Ordinal), status.RuntimeHandlers.Select(handler => handler.Name).Order(StringComparer.Ordinal));
        Assert.False(status.RuntimeHandlers.Single(handler => handler.Name == "missing").Features.RecursiveReadOnlyMounts);
        Assert.True(status.Features.MountOptions);
    }

    [Fact]
    public async Task Pod_OfAnUnknownHandler_IsRefusedByName() =>
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "\"none\"", () => Server.RunPodAsync(Server.Pod(), "none"));

    [Fact]
    public async Task Container_OfARuntimeThatIsMissing_FailsNamingItAndLeavesNothing()
    {
        var error = await Assert.ThrowsAsync<CriCallException>(() => Server.RunAsync(Server.Pod(), _ => { }, "missing"));
        Assert.Contains("/no/such/runtime", error.Detail, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Server.Server.State, "containers")));
    }

    [Theory]
    [MemberData(nameof(Working))]
    public async Task Container_FromStartToEnd_HasLogExecAndExitCode(string handler)
    {
        var config = Server.Pod(NamespaceMode.Pod);
        await using (var pod = await Server.RunAsync(config, _ => { }, handler))
        {
            var container = Configs.Container(config, Server.Image, "second", "/bin/sh", "-c", "echo out; echo err >&2; while [ ! -e /end ]; do sleep 0.05; done; exit 7");
            var id = await Server.CreateAsync(pod.Sandbox, config, container);
            await Server.StartAsync(id);
            Assert.Equal(ContainerState.ContainerRunning, (await Server.StatusAsync(id)).State);
            Assert.DoesNotContain(id, await File.ReadAllTextAsync("/proc/self/mountinfo"), StringComparison.Ordinal);
            var reply = await Server.ExecAsync(id, "/bin/sh", "-c", "echo hello; echo problem >&2; exit 3");
            Assert.Equal(("hello\n", "problem\n", 3), (reply.Stdout.ToStringUtf8(), reply.Stderr.ToStringUtf8(), reply.ExitCode));
            await Server.OutputAsync(id, "touch", "/end");
            Assert.Equal(7, (await Server.WaitForExitAsync(id)).ExitCode);
            var log = await File.ReadAllTextAsync(pod.LogPath("second"));
            Assert.Contains("stdout F out", log, StringComparison.Ordinal);
            Assert.Contains("stderr F err", log, StringComparison.Ordinal);
        }

        Assert.True(!Directory.Exists(fixture.States) || !Directory.EnumerateFileSystemEntries(fixture.States).Any());
    }

    [Fact]
    public async Task Exec_ThatTakesTooLong_IsKilledWithItsChildren()
    {
        await using var pod = await Server.RunAsync(Server.Pod(), _ => { }, HandlerFixture.Name);
        var clock = Stopwatch.StartNew();
        var error = await Assert.ThrowsAsync<CriCallException>(() => Server.Client.RuntimeAsync<ExecSyncResponse>(
            new ExecSyncRequest { ContainerId = pod.Container, Cmd = { "/bin/sh", "-c", "sleep 4321 & sleep 4322" }, Timeout = 1 }));
        Assert.Equal(RpcAssert.DeadlineExceeded, error.Code);
        Assert.True(clock.Elapsed < Patience.Seconds(10), $"{clock.Elapsed}");
        await Eventually.TrueAsync(() => !IsRunning("sleep\0" + "4321") && !IsRunning("sleep\0" + "4322"));
    }

    [Fact]
    public async Task Exec_ProgramThatIsMissing_IsAnErrorThatSaysSo()
    {
        await using var pod = await Server.RunAsync(Server.Pod(), _ => { }, HandlerFixture.Name);
        var error = await Assert.ThrowsAsync<CriCallException>(() => Server.ExecAsync(pod.Container, "/no/such/program"));
        Assert.Contains("/no/such/program", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_OnATerminal_IsOneThatCanBeResized()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        await using var process = await fixture.ExecOnTerminalAsync(pod.Container, null, "/bin/sh", "-c", "tty; read line; stty size; exit 5");
        await process.ResizeAsync(new CriServer.Streaming.Targets.TerminalSize(Columns: 71, Rows: 33));
        await process.Stdin!.WriteAsync("go\n"u8.ToArray());
        var output = await process.Stdout.ReadTextAsync();
        Assert.Contains("/dev/pts/", output, StringComparison.Ordinal);
        Assert.Contains("33 71", output, StringComparison.Ordinal);
        Assert.Equal(5, await process.Exit);
    }

    [Fact]
    public async Task Container_WithATerminalAndInput_IsLoggedAndAttachedTo()
    {
        await using var pod = await fixture.RunAsync(config => (config.Tty, config.Stdin) = (true, true), "/bin/sh", "-c", "read line; echo got $line; exit 4");
        await using var attached = await fixture.AttachAsync(pod.Container, stderr: false);
        await attached.Stdin!.WriteAsync(Encoding.ASCII.GetBytes("words\n"));
        Assert.Contains("got words", await attached.Stdout.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal(4, (await Server.WaitForExitAsync(pod.Container)).ExitCode);
        Assert.Contains("got words", await File.ReadAllTextAsync(pod.LogPath()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_KilledAndStartedAgain_FindsThePodAsItWas()
    {
        await using var pod = await Server.RunAsync(Server.Pod(), _ => { }, HandlerFixture.Name);
        await Server.Server.RestartAsync();
        await Eventually.GetAsync(() => Server.StatusAsync(pod.Container), status => status.State == ContainerState.ContainerRunning);
        Assert.Equal("again\n", await Server.OutputAsync(pod.Container, "echo", "again"));
        var clock = Stopwatch.StartNew();
        await Server.StopAsync(pod.Container);
        Assert.True(clock.Elapsed < Patience.Seconds(10), $"{clock.Elapsed}");
        Assert.Equal(137, (await Server.WaitForExitAsync(pod.Container)).ExitCode);
    }

    [Fact]
    public async Task Supervisor_Killed_TheContainerIsEndedAndNothingIsLeft()
    {
        await using (var pod = await Server.RunAsync(Server.Pod(), _ => { }, HandlerFixture.Name))
        {
            using (var supervisor = Process.GetProcessById(Supervisors.Of(Server.Server.State, pod.Container)))
            {
                supervisor.Kill();
            }

            Assert.Equal(255, (await Server.WaitForExitAsync(pod.Container)).ExitCode);
            await Server.RemoveAsync(pod.Container);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(fixture.States));
    }

    [Fact]
    public async Task Container_WithMountsLimitsAndUser_HasThem()
    {
        var source = Directory.CreateDirectory(Path.Combine(Server.Server.Scratch, "handler-volume")).FullName;
        await using var pod = await Server.RunAsync(
            Server.Pod(),
            config =>
            {
                config.Mounts.Add([
                    new Mount { HostPath = source, ContainerPath = "/volume", Readonly = true },
                    new Mount { ContainerPath = "/image", Readonly = true, Image = new ImageSpec { Image = Server.Image } },
                    new Mount { ContainerPath = "/passwd", Readonly = true, Image = new ImageSpec { Image = Server.Image }, ImageSubPath = "etc/passwd" }]);
                config.Linux.Resources.MemoryLimitInBytes = 64 << 20;
                config.Linux.SecurityContext.RunAsUser = new Int64Value { Value = 1000 };
            },
            HandlerFixture.Name);
        Assert.Equal("1000\n", await Server.OutputAsync(pod.Container, "id", "-u"));
        Assert.NotEqual(0, (await Server.ExecAsync(pod.Container, "touch", "/volume/file")).ExitCode);
        Assert.Contains("user:", await Server.OutputAsync(pod.Container, "cat", "/image/etc/passwd"), StringComparison.Ordinal);
        Assert.Contains("user:", await Server.OutputAsync(pod.Container, "cat", "/passwd"), StringComparison.Ordinal);
        var limits = await Server.OutputAsync(pod.Container, "/bin/sh", "-c", "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes 2>/dev/null || cat memory.max");
        Assert.Equal("67108864", limits.Trim());
    }

    /// <summary>The supervisor's part, whoever has made the container: its cgroup's limits, and its log.</summary>
    [Theory]
    [MemberData(nameof(Working))]
    public async Task Container_Running_IsUpdatedAndItsLogReopened(string handler)
    {
        await using var pod = await Server.RunAsync(Server.Pod(), config => config.Linux.Resources.MemoryLimitInBytes = 64 << 20, handler);
        await Server.Client.RuntimeAsync<UpdateContainerResourcesResponse>(new UpdateContainerResourcesRequest
        {
            ContainerId = pod.Container,
            Linux = new LinuxContainerResources { MemoryLimitInBytes = 96 << 20, CpuQuota = 30_000, CpuPeriod = 100_000 },
        });
        var limits = await Server.OutputAsync(pod.Container, "/bin/sh", "-c", Limits);
        Assert.Equal(["100663296", "30000"], limits.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)[..2]);
        Assert.Equal(96 << 20, (await Server.StatusAsync(pod.Container)).Resources.Linux.MemoryLimitInBytes);

        var spec = await File.ReadAllTextAsync(Path.Combine(Server.Server.State, "containers", pod.Container, "config.json"));
        Assert.Contains("io.kubernetes.cri.sandbox-id", spec, StringComparison.Ordinal);
        Assert.DoesNotContain("io.kubernetes.cri.container-type", spec, StringComparison.Ordinal);

        File.Move(pod.LogPath(), pod.LogPath() + ".1");
        await Server.Client.RuntimeAsync<ReopenContainerLogResponse>(new ReopenContainerLogRequest { ContainerId = pod.Container });
        Assert.True(File.Exists(pod.LogPath()));
    }

    [Fact]
    public async Task Container_Paused_RefusesExecAndCanBeStopped()
    {
        await using var pod = await Server.RunAsync(Server.Pod(), _ => { }, HandlerFixture.Name);
        Command.Output(HandlerFixture.Program, "--root", fixture.States, "pause", pod.Container);
        var error = await Assert.ThrowsAsync<CriCallException>(() => Server.ExecAsync(pod.Container, "true"));
        Assert.Equal(RpcAssert.FailedPrecondition, error.Code);
        await Server.StopAsync(pod.Container);
        Assert.Equal(137, (await Server.WaitForExitAsync(pod.Container)).ExitCode);
    }

    /// <summary>As Status says.</summary>
    [Fact]
    public async Task Pod_WithUsersOfItsOwn_HasThemOrIsRefused()
    {
        var config = Server.Pod(NamespaceMode.Pod);
        var map = new IDMapping { HostId = 1_000_000, Length = 65_536 };
        config.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace { Mode = NamespaceMode.Pod, Uids = { map }, Gids = { map } };
        var status = await Server.Client.RuntimeAsync<StatusResponse>(new StatusRequest());
        if (!status.RuntimeHandlers.Single(handler => handler.Name == HandlerFixture.Name).Features.UserNamespaces)
        {
            await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "userns_options", () => Server.RunPodAsync(config, HandlerFixture.Name));
            return;
        }

        await using var pod = await Server.RunAsync(config, _ => { }, HandlerFixture.Name);
        Assert.Equal("0 1000000 65536", string.Join(' ', (await Server.OutputAsync(pod.Container, "cat", "/proc/self/uid_map")).Split(' ', StringSplitOptions.RemoveEmptyEntries)).Trim());
        Assert.Equal("0", (await Server.OutputAsync(pod.Container, "stat", "-c", "%u", "/bin/busybox")).Trim());
    }

    private static bool IsRunning(string commandLine) => Directory.EnumerateDirectories("/proc").Any(folder =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).StartsWith(commandLine, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // no process, or one that ended
        }
    });
}
