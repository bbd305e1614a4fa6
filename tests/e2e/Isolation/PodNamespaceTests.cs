using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>The namespaces of a pod's containers in every mode of the CRI: the host's, the pod's, the container's own, a target's.</summary>
public sealed class PodNamespaceTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly string[] s_files = ["net", "uts", "ipc", "pid", "mnt", "cgroup", "user", "time"];

    /// <summary>Network, IPC, PID of the pod; then which are the host's, and which two containers share.</summary>
    [Theory]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Pod, NamespaceMode.Container, "user time", "net uts ipc user time")]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Pod, NamespaceMode.Pod, "user time", "net uts ipc pid user time")]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Pod, NamespaceMode.Node, "pid user time", "net uts ipc pid user time")]
    [InlineData(NamespaceMode.Node, NamespaceMode.Pod, NamespaceMode.Container, "net uts user time", "net uts ipc user time")]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Node, NamespaceMode.Container, "ipc user time", "net uts ipc user time")]
    [InlineData(NamespaceMode.Node, NamespaceMode.Node, NamespaceMode.Node, "net uts ipc pid user time", "net uts ipc pid user time")]
    public async Task Modes_OfThePod_AreWhereItsContainersAre(NamespaceMode network, NamespaceMode ipc, NamespaceMode pid, string ofTheHost, string shared)
    {
        var config = fixture.Pod(network);
        (config.Linux.SecurityContext.NamespaceOptions.Ipc, config.Linux.SecurityContext.NamespaceOptions.Pid) = (ipc, pid);
        await using var pod = await fixture.RunAsync(config, "sleep", "1000");
        var second = await fixture.CreateAsync(pod.Sandbox, config, Configs.Container(config, fixture.Image, "second", "sleep", "1000"));
        await fixture.StartAsync(second);
        var one = await LinksAsync(pod.Container);
        var two = await LinksAsync(second);
        Assert.Equal(ofTheHost.Split(' '), s_files.Where(file => one[file] == new FileInfo($"/proc/self/ns/{file}").LinkTarget));
        Assert.Equal(shared.Split(' '), s_files.Where(file => one[file] == two[file]));
    }

    /// <summary>An ephemeral debug container: it sees the target's processes, and only those.</summary>
    [Fact]
    public async Task Target_OfADebugContainer_IsSeenByIt()
    {
        var config = fixture.Pod();
        await using var pod = await fixture.RunAsync(config, "sleep", "1234");
        var other = await fixture.CreateAsync(pod.Sandbox, config, Configs.Container(config, fixture.Image, "other", "sleep", "4321"));
        await fixture.StartAsync(other);
        var debug = Configs.Container(config, fixture.Image, "debug", "sleep", "1000");
        debug.Linux.SecurityContext.NamespaceOptions = new NamespaceOption { Network = NamespaceMode.Node, Pid = NamespaceMode.Target, TargetId = pod.Container };
        var id = await fixture.CreateAsync(pod.Sandbox, config, debug);
        await fixture.StartAsync(id);
        var processes = await fixture.OutputAsync(id, "ps", "-o", "pid,args");
        Assert.Contains("1 sleep 1234", processes, StringComparison.Ordinal);
        Assert.DoesNotContain("4321", processes, StringComparison.Ordinal);
        await fixture.OutputAsync(id, "cat", "/proc/1/root/etc/passwd");
    }

    [Fact]
    public async Task Target_OfAnotherPod_IsRefused()
    {
        await using var first = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var config = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(config);
        var debug = Configs.Container(config, fixture.Image, "debug", "true");
        debug.Linux.SecurityContext.NamespaceOptions = new NamespaceOption { Network = NamespaceMode.Node, Pid = NamespaceMode.Target, TargetId = first.Container };
        await RpcAssert.FailsAsync(RpcAssert.FailedPrecondition, first.Container, () => fixture.CreateAsync(sandbox, config, debug));
        await fixture.RemovePodAsync(sandbox);
    }

    /// <summary>shareProcessNamespace: pause is the first process and takes in what others leave.</summary>
    [Fact]
    public async Task SharedProcesses_Orphans_AreReapedByPause()
    {
        var config = fixture.Pod();
        config.Linux.SecurityContext.NamespaceOptions.Pid = NamespaceMode.Pod;
        await using var pod = await fixture.RunAsync(config, "sleep", "1000");
        Assert.Contains("pause", await fixture.OutputAsync(pod.Container, "cat", "/proc/1/cmdline"), StringComparison.Ordinal);
        await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "for i in 1 2 3 4 5; do (sleep 0.05 &); done");
        await Eventually.GetAsync(
            () => fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l; pgrep -f 'sleep 0.05' | wc -l"),
            output => output == "0\n0\n");
    }

    /// <summary>Each pod has its own; the host keeps its own.</summary>
    [Fact]
    public async Task Sysctls_OfTwoPods_AreEachPodsOwn()
    {
        var host = await File.ReadAllTextAsync("/proc/sys/kernel/msgmax");
        var values = new List<string>();
        foreach (var value in new[] { "1111", "2222" })
        {
            var config = fixture.Pod(NamespaceMode.Pod);
            config.Linux.Sysctls["kernel.msgmax"] = value;
            config.Linux.Sysctls["net/ipv4/ip_local_port_range"] = $"{value} 60000";
            config.Linux.Sysctls["fs.mqueue.msg_max"] = "77";
            await using var pod = await fixture.RunAsync(config, "sleep", "1000");
            values.Add(await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_local_port_range /proc/sys/fs/mqueue/msg_max"));
        }

        Assert.Equal(["1111\n1111\t60000\n77\n", "2222\n2222\t60000\n77\n"], values);
        Assert.Equal(host, await File.ReadAllTextAsync("/proc/sys/kernel/msgmax"));
    }

    /// <summary>Addresses, routes and interfaces of one pod are nothing to another's, although they are the same ones.</summary>
    [Fact]
    public async Task Network_TwoPodsWithTheSameRange_DoNotMeet()
    {
        var pods = new List<(string Sandbox, string Container)>();
        foreach (var port in new[] { "5001", "5002" })
        {
            var config = fixture.Pod(NamespaceMode.Pod);
            config.Linux.SecurityContext.Privileged = true;
            var sandbox = await fixture.RunPodAsync(config);
            var container = Configs.Container(config, fixture.Image, "main", "/bin/sh", "-c", $"ip address add 10.99.0.1/24 dev lo; ip route add 10.98.0.0/16 dev lo; mkdir /www; echo {port} > /www/port; exec httpd -f -p 10.99.0.1:7777 -h /www");
            container.Linux.SecurityContext.Privileged = true;
            var id = await fixture.CreateAsync(sandbox, config, container);
            await fixture.StartAsync(id);
            pods.Add((sandbox, id));
        }

        foreach (var (pod, expected) in pods.Zip(["5001", "5002"]))
        {
            var answer = await Eventually.GetAsync(
                async () => (await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", "wget -q -O - http://10.99.0.1:7777/port")).Stdout.ToStringUtf8().Trim(), text => text.Length > 0);
            Assert.Equal(expected, answer);
            Assert.Contains("10.98.0.0/16", await fixture.OutputAsync(pod.Container, "ip", "route"), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("10.98.0.0/16", Command.Output("ip", "route"), StringComparison.Ordinal);
        foreach (var (sandbox, _) in pods)
        {
            await fixture.RemovePodAsync(sandbox);
        }
    }

    private async Task<Dictionary<string, string>> LinksAsync(string container)
    {
        var output = await fixture.OutputAsync(container, "/bin/sh", "-c", $"for n in {string.Join(' ', s_files)}; do readlink /proc/self/ns/$n; done");
        return s_files.Zip(output.Split('\n')).ToDictionary(pair => pair.First, pair => pair.Second);
    }
}
