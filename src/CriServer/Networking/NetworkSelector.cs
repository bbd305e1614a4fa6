using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Networking.Cni;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Networking;

/// <summary>
/// Decides what connects the next pod. The built-in bridge serves only while the CNI folder has no configuration at all: a broken file
/// shows that plugins were meant to, and pods on another network than the cluster's would be worse than none.
/// </summary>
internal sealed class NetworkSelector(NetworkOptions options, CniPlugins plugins, ILogger log)
{
    private readonly CniConfigFolder _configs = new(options.ConfigFolder);
    private string _lastSkipped = "";

    /// <summary>The CNI network, or null for the built-in bridge. Throws Unavailable when there is neither.</summary>
    public CniConfig? Require()
    {
        var selection = Select();
        return selection.Config is not null || UsesBridge(selection)
            ? selection.Config
            : throw new CriException(CriErrorKind.Unavailable, $"network is not ready: {Explain(selection)}");
    }

    /// <summary>The CNI folder as it is now; what is wrong in it is logged once.</summary>
    public CniSelection Select()
    {
        var selection = _configs.Select();
        var skipped = string.Join('\n', selection.Errors.Select(error => $"{error.Key}: {error.Value}"));
        if (skipped != Interlocked.Exchange(ref _lastSkipped, skipped))
        {
            foreach (var (path, error) in selection.Errors)
            {
                NetworkLog.ConfigSkipped(log, path, error);
            }
        }

        return selection;
    }

    public NetworkStatus Status(int attachments)
    {
        var selection = Select();
        if (selection.Config is not { } config)
        {
            return UsesBridge(selection)
                ? new NetworkStatus(true, "", "", options.BridgeName, "built-in", [], attachments)
                : NotReady(Explain(selection), attachments);
        }

        var types = config.Plugins.Select(plugin => plugin.Type).ToList();
        var missing = types.Where(type => plugins.Find(type) is null).ToList();
        return missing.Count == 0
            ? new NetworkStatus(true, "", "", config.Name, selection.Path, types, attachments)
            : NotReady($"CNI plugins {string.Join(", ", missing)} are not in {string.Join(", ", options.PluginFolders)}", attachments);
    }

    private bool UsesBridge(CniSelection selection) => options.BuiltInBridge && selection.Config is null && selection.Errors.Count == 0;

    private string Explain(CniSelection selection) => selection.Errors.Count == 0
        ? $"no CNI configuration in {options.ConfigFolder}"
        : $"CNI configuration {selection.Errors[0].Key}: {selection.Errors[0].Value}";

    private static NetworkStatus NotReady(string message, int attachments) =>
        new(false, NetworkStatus.NotReadyReason, message, "", "", [], attachments);
}
