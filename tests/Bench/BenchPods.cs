using System.Diagnostics;
using CriShim.Cri.V1;
using CriShim.TestKit;

namespace CriShim.Bench;

/// <summary>Pods of one container, "c", that runs a script.</summary>
internal sealed class BenchPods(CriClient client, string image)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    public async Task<(string Sandbox, string Container)> RunAsync(PodSandboxConfig pod, string script, params Mount[] mounts)
    {
        var sandbox = (await client.RuntimeAsync<RunPodSandboxResponse>(new RunPodSandboxRequest { Config = pod })).PodSandboxId;
        var config = Configs.Container(pod, image, "c", "/bin/sh", "-c", script);
        config.Mounts.Add(mounts);
        var container = (await client.RuntimeAsync<CreateContainerResponse>(
            new CreateContainerRequest { PodSandboxId = sandbox, Config = config, SandboxConfig = pod })).ContainerId;
        await client.RuntimeAsync<StartContainerResponse>(new StartContainerRequest { ContainerId = container });
        return (sandbox, container);
    }

    public async Task RemoveAsync(string sandbox)
    {
        await client.RuntimeAsync<StopPodSandboxResponse>(new StopPodSandboxRequest { PodSandboxId = sandbox });
        await client.RuntimeAsync<RemovePodSandboxResponse>(new RemovePodSandboxRequest { PodSandboxId = sandbox });
    }

    /// <summary>Waits in steps so small that they do not show.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > s_limit)
            {
                throw new TimeoutException($"waited in vain for {what}");
            }

            await Task.Delay(1);
        }
    }
}
