using System.Diagnostics;
using System.Net;
using System.Text.Json;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Networking.Bridge;
using CriShim.CriServer.Networking.Cni;
using CriShim.CriServer.Programs;
using CriShim.Linux;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Networking;

/// <summary>
/// Connects pods: by CNI plugins where a configuration exists, else by the built-in bridge. What is being done is on disk before it is
/// done, and the record goes only after all of it was undone (<see cref="AttachmentCheckpoint"/>). One call at a time for one sandbox.
/// </summary>
internal sealed class PodNetwork
{
    private static readonly TimeSpan s_cleanupTimeout = TimeSpan.FromMinutes(1);

    private readonly NetworkOptions _options;
    private readonly ILogger _log;
    private readonly AttachmentStore _store;
    private readonly NetworkSelector _selector;
    private readonly CniNetwork _cni;
    private readonly BuiltInBridge _bridge;

    /// <param name="root">The server's persistent folder; records go to its folder <c>network</c>.</param>
    /// <param name="process">Runs CNI plugins.</param>
    /// <param name="written">Told the path of every written record, to bring it to the disk in its own time.</param>
    public PodNetwork(NetworkOptions options, string root, IProgramRunner process, Action<string> written, ILogger log)
    {
        _options = options;
        _log = log;
        _store = new AttachmentStore(Path.Combine(root, "network"), written, log);
        var plugins = new CniPlugins(options.PluginFolders, TimeSpan.FromSeconds(options.PluginTimeoutSeconds), process);
        _selector = new NetworkSelector(options, plugins, log);
        _cni = new CniNetwork(plugins);
        _bridge = new BuiltInBridge(options, root, log);
    }

    /// <summary>
    /// To be set inside a new network namespace before anything is in it: IPv6 without duplicate detection (a second's wait) and
    /// without trust in router advertisements (CVE-2020-10749). The pod's own sysctls win.
    /// </summary>
    public static IReadOnlyDictionary<string, string> NamespaceSysctls { get; } = BridgeDevice.HasIpv6
        ? new Dictionary<string, string>
        {
            ["net.ipv6.conf.default.accept_dad"] = "0",
            ["net.ipv6.conf.default.accept_ra"] = "0",
        }
        : new Dictionary<string, string>();

    /// <summary>
    /// Reads the records and makes the machine match them; connections of sandboxes that are not in <paramref name="sandboxIds"/> are
    /// removed, at once and by CNI's GC. Failures are logged: what could not be removed keeps its record. Before the first other call.
    /// </summary>
    public async Task RecoverAsync(IReadOnlyCollection<string> sandboxIds, CancellationToken ct)
    {
        _store.Load();
        foreach (var record in _store.All)
        {
            if (record.Bridge is { } bridge)
            {
                _bridge.Restore(record.SandboxId, bridge, record.PortMappings);
            }
        }

        await Task.WhenAll(_store.All.Where(record => !sandboxIds.Contains(record.SandboxId)).Select(record => RemoveStaleAsync(record, ct)));
        try
        {
            _bridge.Reconcile();
        }
        catch (Exception e) when (e is LinuxException or CriException)
        {
            NetworkLog.BridgeRecoveryFailed(_log, e);
        }

        await CollectGarbageAsync(ct);
    }

    /// <summary>
    /// Connects the pod; a pod that is connected already gets the same answer again. On failure everything was undone, or its record is
    /// kept for <see cref="DetachAsync"/>. Throws <see cref="CriException"/>: Unavailable without a network, FailedPrecondition for a
    /// host port that is taken, InvalidArgument for names or annotations that cannot be passed on, Unknown when a step failed.
    /// </summary>
    /// <param name="netlinkInPod">NETLINK_ROUTE socket of the pod's namespace; only the built-in bridge needs it. It stays the caller's.</param>
    public async Task<NetworkAttachment> AttachAsync(PodNetworkRequest request, SafeFileHandle? netlinkInPod, CancellationToken ct)
    {
        if (_store.Find(request.SandboxId) is { } earlier)
        {
            if (earlier.Completed)
            {
                return ToAttachment(earlier);
            }

            await DetachAsync(request, ct);
        }

        var started = Stopwatch.GetTimestamp();
        var config = _selector.Require();
        var ports = request.PortMappings.Where(port => port.HostPort != 0).ToList();
        var record = new AttachmentCheckpoint(request.SandboxId, request.PodName, request.PodNamespace, request.PodUid, request.NetnsPath);
        try
        {
            record = config is null
                ? await AttachBridgeAsync(record with { PortMappings = ports }, netlinkInPod)
                : await AttachCniAsync(config, record with { PortMappings = ports }, request, ct);
            var attachment = ToAttachment(record);
            NetworkLog.Attached(
                _log,
                request.SandboxId,
                config?.Name ?? _bridge.Name,
                Stopwatch.GetElapsedTime(started).TotalMilliseconds,
                string.Join(", ", attachment.Ips));
            return attachment;
        }
        catch (Exception e)
        {
            await CleanUpAsync(request);
            if (e is CriException or OperationCanceledException)
            {
                throw;
            }

            throw Failed("set up", request.SandboxId, e);
        }
    }

    /// <summary>
    /// Disconnects the pod. Nothing to disconnect is fine, and so is a namespace that is gone. On failure the record stays and the call
    /// can be repeated. Throws <see cref="CriException"/>.
    /// </summary>
    public async Task DetachAsync(PodNetworkRequest request, CancellationToken ct)
    {
        if (_store.Find(request.SandboxId) is not { } record)
        {
            return;
        }

        var started = Stopwatch.GetTimestamp();
        try
        {
            await UndoAsync(record, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Failed("tear down", request.SandboxId, e);
        }

        NetworkLog.Detached(_log, request.SandboxId, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>Whether pods can be connected now.</summary>
    public NetworkStatus Status() => _selector.Status(_store.Count);

    /// <summary>The status as JSON, for the verbose Status.</summary>
    public string StatusJson() => JsonSerializer.Serialize(Status(), NetworkingJsonContext.Default.NetworkStatus);

    /// <summary>The node's pod CIDRs (one, or two separated by a comma), for the built-in bridge where no subnet is configured.</summary>
    public void UpdatePodCidr(string podCidr)
    {
        foreach (var cidr in podCidr.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!IPNetwork.TryParse(cidr, out _))
            {
                throw CriException.InvalidArgument($"pod CIDR \"{cidr}\" is not an address range");
            }
        }

        _bridge.UpdatePodCidr(podCidr);
    }

    private async Task<AttachmentCheckpoint> AttachCniAsync(
        CniConfig config, AttachmentCheckpoint record, PodNetworkRequest request, CancellationToken ct)
    {
        CniNetwork.CheckArguments(request);
        if (record.PortMappings.Count > 0 && !config.Plugins.Any(plugin => plugin.Capabilities.Contains(CniRuntimeConfig.PortMappings)))
        {
            NetworkLog.HostPortsIgnored(_log, config.Name, string.Join(", ", record.PortMappings), request.SandboxId);
        }

        var capabilities = CniRuntimeConfig.Create(record.PortMappings, BandwidthAnnotations.Parse(request.Annotations));
        record = record with { Cni = new CniAttachment(config.Json, capabilities, null) };
        _store.Write(record);
        var result = await _cni.AddAsync(config, record, capabilities, ct);
        _ = CniResult.Addresses(result, CniNetwork.InterfaceName);
        record = record with { Cni = record.Cni with { Result = result }, Completed = true };
        _store.Write(record);
        return record;
    }

    private async Task<AttachmentCheckpoint> AttachBridgeAsync(AttachmentCheckpoint record, SafeFileHandle? netlinkInPod)
    {
        ArgumentNullException.ThrowIfNull(netlinkInPod);
        var attachment = _bridge.Reserve(record.SandboxId, record.PortMappings);
        try
        {
            record = record with { Bridge = attachment };
            _store.Write(record);
        }
        catch
        {
            await _bridge.DisconnectAsync(record.SandboxId);
            throw;
        }

        _bridge.Connect(record.SandboxId, record.NetnsPath, netlinkInPod);
        record = record with { Completed = true };
        _store.Write(record);
        return record;
    }

    private async Task UndoAsync(AttachmentCheckpoint record, CancellationToken ct)
    {
        if (record.Cni is { } cni)
        {
            await _cni.DeleteAsync(CniConfig.Parse(cni.Config), record, ct);
        }

        if (record.Bridge is not null)
        {
            await _bridge.DisconnectAsync(record.SandboxId);
        }

        _store.Remove(record.SandboxId);
    }

    /// <summary>After a failed connection, whatever became of the caller's token. A pod that is being torn down must not keep its address.</summary>
    private async Task CleanUpAsync(PodNetworkRequest request)
    {
        using var limit = new CancellationTokenSource(s_cleanupTimeout);
        try
        {
            await DetachAsync(request, limit.Token);
        }
        catch (Exception e) when (e is CriException or OperationCanceledException)
        {
            NetworkLog.CleanupFailed(_log, request.SandboxId, e);
        }
    }

    private async Task RemoveStaleAsync(AttachmentCheckpoint record, CancellationToken ct)
    {
        try
        {
            NetworkLog.StaleAttachment(_log, record.SandboxId);
            await UndoAsync(record, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            NetworkLog.StaleAttachmentKept(_log, record.SandboxId, e);
        }
    }

    private async Task CollectGarbageAsync(CancellationToken ct)
    {
        try
        {
            if (_selector.Select().Config is { } config)
            {
                await _cni.CollectGarbageAsync(config, [.. _store.All.Select(record => record.SandboxId)], ct);
            }
        }
        catch (Exception e) when (e is CriException or AggregateException)
        {
            NetworkLog.GarbageCollectionFailed(_log, e);
        }
    }

    private NetworkAttachment ToAttachment(AttachmentCheckpoint record)
    {
        var addresses = record.Cni?.Result is { } result
            ? CniResult.Addresses(result, CniNetwork.InterfaceName)
            : [.. record.Bridge!.Addresses.Select(item => item.Address)];
        return new NetworkAttachment(CniResult.Prefer(addresses, _options.IpPreference), record.Cni?.Result);
    }

    private static CriException Failed(string verb, string sandboxId, Exception cause) => new(
        (cause as CriException)?.Kind ?? CriErrorKind.Unknown,
        $"failed to {verb} network of sandbox \"{sandboxId}\": {cause.Message}",
        cause);
}
