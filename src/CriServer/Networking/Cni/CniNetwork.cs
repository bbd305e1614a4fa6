using System.Text.Json;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Networking.Cni;

/// <summary>Runs the plugins of a network one after another (CNI specification, section 3).</summary>
internal sealed class CniNetwork(CniPlugins plugins)
{
    /// <summary>The pod's interface, by Kubernetes' convention.</summary>
    public const string InterfaceName = "eth0";

    private const string PreviousResultOnDelete = "0.4.0";
    private const string GarbageCollection = "1.1.0";

    /// <summary>ADD in order, each given the result of the one before. Returns the last result.</summary>
    public async Task<JsonElement> AddAsync(CniConfig config, AttachmentCheckpoint pod, JsonElement capabilities, CancellationToken ct)
    {
        JsonElement? result = null;
        foreach (var plugin in config.Plugins)
        {
            var stdin = CniRuntimeConfig.Stdin(config, plugin, capabilities, result);
            result = await plugins.CallAsync("ADD", plugin.Type, Variables(pod, pod.NetnsPath), stdin, ct)
                ?? throw new CniException($"plugin \"{plugin.Type}\" ADD printed no result");
        }

        return result!.Value;
    }

    /// <summary>DEL in reverse order with the cached result; the namespace may be gone. Stops at the first failure: to be tried again.</summary>
    public async Task DeleteAsync(CniConfig config, AttachmentCheckpoint pod, CancellationToken ct)
    {
        var attachment = pod.Cni!;
        var netns = File.Exists(pod.NetnsPath) ? pod.NetnsPath : "";
        var result = CniVersion.AtLeast(config.Version, PreviousResultOnDelete) ? attachment.Result : null;
        foreach (var plugin in config.Plugins.Reverse())
        {
            var stdin = CniRuntimeConfig.Stdin(config, plugin, attachment.RuntimeConfig, result);
            await plugins.CallAsync("DEL", plugin.Type, Variables(pod, netns), stdin, ct);
        }
    }

    /// <summary>GC: plugins drop what belongs to no sandbox of <paramref name="sandboxIds"/>. Every plugin is asked; failures come together.</summary>
    public async Task CollectGarbageAsync(CniConfig config, IReadOnlyList<string> sandboxIds, CancellationToken ct)
    {
        if (config.DisableGc || !CniVersion.AtLeast(config.Version, GarbageCollection))
        {
            return;
        }

        var failures = new List<Exception>();
        foreach (var plugin in config.Plugins)
        {
            try
            {
                await plugins.CallAsync("GC", plugin.Type, [], CniRuntimeConfig.Stdin(config, plugin, null, null, sandboxIds), ct);
            }
            catch (CniException e)
            {
                failures.Add(e);
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    /// <summary>A value with ";" or "=" would end its argument and begin another.</summary>
    public static void CheckArguments(PodNetworkRequest pod)
    {
        foreach (var value in (string[])[pod.SandboxId, pod.PodName, pod.PodNamespace, pod.PodUid])
        {
            if (value.Any(c => c is ';' or '=' || char.IsControl(c)))
            {
                throw CriException.InvalidArgument($"\"{value}\" cannot be passed to CNI plugins: \";\", \"=\" and control characters are not allowed");
            }
        }
    }

    private static string[] Variables(AttachmentCheckpoint pod, string netns) =>
    [
        $"CNI_CONTAINERID={pod.SandboxId}",
        $"CNI_NETNS={netns}",
        $"CNI_IFNAME={InterfaceName}",
        $"CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE={pod.PodNamespace};K8S_POD_NAME={pod.PodName};"
            + $"K8S_POD_INFRA_CONTAINER_ID={pod.SandboxId};K8S_POD_UID={pod.PodUid}",
    ];
}
