using System.Globalization;
using CriShim.Cri.V1;
using CriShim.TestKit;

namespace CriShim.Demo;

/// <summary>One pod's life through the CRI, told step by step: image, sandbox, two containers, what they see, and the end.</summary>
internal sealed class PodStory(Narrator narrator, ServerProcess server, string registry)
{
    private const long MemoryLimit = 64 << 20;
    private readonly string _image = $"{registry}/demo/busybox:1";
    private readonly PodSandboxConfig _pod = Configs.Pod("demo", NamespaceMode.Pod, Path.Combine(server.Scratch, "logs"));

    public async Task TellAsync()
    {
        await narrator.StepAsync("Make an image from this machine's busybox and push it", () => ImageBuilder.Busybox().PushAsync(registry, "demo/busybox", "1"));
        await narrator.StepAsync($"Pull {_image}", PullAsync);
        var sandbox = await narrator.StepAsync("Run the pod sandbox", RunSandboxAsync);
        var web = await narrator.StepAsync("Create and start container \"web\" (an HTTP server on localhost:8080)", () => StartAsync(sandbox, "web", WebCommand));
        var client = await narrator.StepAsync("Create and start container \"client\" (asks localhost:8080)", () => StartAsync(sandbox, "client", ClientCommand));
        await narrator.StepAsync("Wait until \"client\" has its answer; both logs", () => ShowLogsAsync(sandbox, client));
        await narrator.StepAsync("Which namespaces are shared, which private", () => ShowNamespacesAsync(web, client));
        await narrator.StepAsync("Limits as \"web\" sees them", () => ShowLimitsAsync(web));
        await narrator.StepAsync("Exec in \"web\": ps", () => ShowExecAsync(web, "ps", "-o", "pid,user,args"));
        await narrator.StepAsync("Exec of true, for its time", () => ExecAsync(web, "true"));
        await narrator.StepAsync("Stop and remove both containers", () => RemoveContainersAsync(web, client));
        await narrator.StepAsync("Stop and remove the sandbox", () => RemoveSandboxAsync(sandbox));
        await narrator.StepAsync("Remove the image", RemoveImageAsync);
    }

    private static string[] WebCommand => ["/bin/sh", "-c", "mkdir -p /tmp/www && echo 'hello from the pod' > /tmp/www/index.html && echo serving && exec httpd -f -p 127.0.0.1:8080 -h /tmp/www"];

    private static string[] ClientCommand => ["/bin/sh", "-c", "until wget -q -O - http://127.0.0.1:8080/; do sleep 0.05; done; exec sleep 1000"];

    private async Task<bool> PullAsync()
    {
        var pulled = await server.Client.ImageAsync<PullImageResponse>(new PullImageRequest { Image = new ImageSpec { Image = _image } });
        var status = await server.Client.ImageAsync<ImageStatusResponse>(new ImageStatusRequest { Image = new ImageSpec { Image = pulled.ImageRef } });
        Narrator.Detail($"id {status.Image.Id}\nsize {status.Image.Size} bytes, tags {string.Join(", ", status.Image.RepoTags)}");
        return true;
    }

    private async Task<string> RunSandboxAsync()
    {
        var reply = await server.Client.RuntimeAsync<RunPodSandboxResponse>(new RunPodSandboxRequest { Config = _pod });
        var status = await server.Client.RuntimeAsync<PodSandboxStatusResponse>(new PodSandboxStatusRequest { PodSandboxId = reply.PodSandboxId });
        Narrator.Detail($"id {reply.PodSandboxId}\naddress {status.Status.Network.Ip}");
        return reply.PodSandboxId;
    }

    private async Task<string> StartAsync(string sandbox, string name, string[] command)
    {
        var config = Configs.Container(_pod, _image, name, command);
        config.Linux.Resources = new LinuxContainerResources { MemoryLimitInBytes = MemoryLimit, CpuPeriod = 100_000, CpuQuota = 50_000, CpuShares = 512 };
        var created = await server.Client.RuntimeAsync<CreateContainerResponse>(
            new CreateContainerRequest { PodSandboxId = sandbox, Config = config, SandboxConfig = _pod });
        await server.Client.RuntimeAsync<StartContainerResponse>(new StartContainerRequest { ContainerId = created.ContainerId });
        Narrator.Detail($"id {created.ContainerId}");
        return created.ContainerId;
    }

    private async Task<bool> ShowLogsAsync(string sandbox, string client)
    {
        var log = Path.Combine(_pod.LogDirectory, "client", "0.log");
        for (var i = 0; i < 500 && !(await File.ReadAllTextAsync(log)).Contains("hello", StringComparison.Ordinal); i++)
        {
            await Task.Delay(10);
        }

        foreach (var name in new[] { "web", "client" })
        {
            Narrator.Detail($"{name}: {await File.ReadAllTextAsync(Path.Combine(_pod.LogDirectory, name, "0.log"))}");
        }

        var text = await File.ReadAllTextAsync(log);
        return text.Contains("hello from the pod", StringComparison.Ordinal)
            ? true
            : throw new InvalidOperationException($"container {client} of sandbox {sandbox} got no answer");
    }

    private async Task<bool> ShowNamespacesAsync(string web, string client)
    {
        foreach (var type in new[] { "net", "ipc", "uts", "pid", "mnt", "cgroup", "user" })
        {
            var one = (await ExecAsync(web, "readlink", $"/proc/1/ns/{type}")).Trim();
            var two = (await ExecAsync(client, "readlink", $"/proc/1/ns/{type}")).Trim();
            var host = new FileInfo($"/proc/self/ns/{type}").LinkTarget;
            var relation = one != two ? "private to each container" : one == host ? "the host's" : "shared in the pod";
            Narrator.Detail($"{type,-7} {relation,-26} {one} {two}");
        }

        return true;
    }

    private async Task<bool> ShowLimitsAsync(string web)
    {
        var v2 = (await ExecAsync(web, "sh", "-c", "test -e /sys/fs/cgroup/memory.max && echo 2 || echo 1")).Trim() == "2";
        var files = v2 ? new[] { "memory.max", "cpu.max", "cpu.weight" } : ["memory/memory.limit_in_bytes", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us", "cpu/cpu.shares"];
        foreach (var file in files)
        {
            Narrator.Detail($"/sys/fs/cgroup/{file,-30} {(await ExecAsync(web, "cat", $"/sys/fs/cgroup/{file}")).Trim()}");
        }

        var memory = (await ExecAsync(web, "cat", $"/sys/fs/cgroup/{files[0]}")).Trim();
        return memory == MemoryLimit.ToString(CultureInfo.InvariantCulture)
            ? true
            : throw new InvalidOperationException($"the memory limit inside is {memory}, not {MemoryLimit}");
    }

    private async Task<bool> ShowExecAsync(string container, params string[] command)
    {
        Narrator.Detail(await ExecAsync(container, command));
        return true;
    }

    private async Task<string> ExecAsync(string container, params string[] command)
    {
        var reply = await server.Client.RuntimeAsync<ExecSyncResponse>(new ExecSyncRequest { ContainerId = container, Cmd = { command }, Timeout = 10 });
        return reply.ExitCode == 0
            ? reply.Stdout.ToStringUtf8()
            : throw new InvalidOperationException($"{string.Join(' ', command)}: exit code {reply.ExitCode}: {reply.Stderr.ToStringUtf8()}");
    }

    private async Task<bool> RemoveContainersAsync(params string[] containers)
    {
        foreach (var container in containers)
        {
            await server.Client.RuntimeAsync<StopContainerResponse>(new StopContainerRequest { ContainerId = container, Timeout = 0 });
            await server.Client.RuntimeAsync<RemoveContainerResponse>(new RemoveContainerRequest { ContainerId = container });
        }

        return true;
    }

    private async Task<bool> RemoveSandboxAsync(string sandbox)
    {
        await server.Client.RuntimeAsync<StopPodSandboxResponse>(new StopPodSandboxRequest { PodSandboxId = sandbox });
        await server.Client.RuntimeAsync<RemovePodSandboxResponse>(new RemovePodSandboxRequest { PodSandboxId = sandbox });
        return true;
    }

    private async Task<bool> RemoveImageAsync()
    {
        await server.Client.ImageAsync<RemoveImageResponse>(new RemoveImageRequest { Image = new ImageSpec { Image = _image } });
        return true;
    }
}
