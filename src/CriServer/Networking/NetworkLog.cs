using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Networking;

/// <summary>Event ids 5000 to 5999.</summary>
internal static partial class NetworkLog
{
    [LoggerMessage(5000, LogLevel.Debug, "sandbox {SandboxId} connected to {Network} in {Milliseconds:F1} ms: {Addresses}")]
    public static partial void Attached(ILogger log, string sandboxId, string network, double milliseconds, string addresses);

    [LoggerMessage(5001, LogLevel.Debug, "sandbox {SandboxId} disconnected in {Milliseconds:F1} ms")]
    public static partial void Detached(ILogger log, string sandboxId, double milliseconds);

    [LoggerMessage(5002, LogLevel.Warning, "clean-up after a failed connection of sandbox {SandboxId} failed too; its record is kept")]
    public static partial void CleanupFailed(ILogger log, string sandboxId, Exception error);

    [LoggerMessage(5003, LogLevel.Warning, "CNI configuration {Path} is not usable: {Error}")]
    public static partial void ConfigSkipped(ILogger log, string path, string error);

    [LoggerMessage(5004, LogLevel.Warning, "record {Path} cannot be read and was put aside: {Error}")]
    public static partial void RecordQuarantined(ILogger log, string path, string error);

    [LoggerMessage(5005, LogLevel.Information, "sandbox {SandboxId} is gone: its connection is removed")]
    public static partial void StaleAttachment(ILogger log, string sandboxId);

    [LoggerMessage(5006, LogLevel.Warning, "connection of the lost sandbox {SandboxId} could not be removed; tried again at the next start")]
    public static partial void StaleAttachmentKept(ILogger log, string sandboxId, Exception error);

    [LoggerMessage(5007, LogLevel.Warning, "CNI GC failed")]
    public static partial void GarbageCollectionFailed(ILogger log, Exception error);

    [LoggerMessage(5008, LogLevel.Information, "bridge {Bridge} made with {Subnets}, MTU {Mtu}")]
    public static partial void BridgeCreated(ILogger log, string bridge, string subnets, int mtu);

    [LoggerMessage(5009, LogLevel.Information, "{Setting} was 0 and is 1 now: pods need forwarding")]
    public static partial void ForwardingEnabled(ILogger log, string setting);

    [LoggerMessage(5010, LogLevel.Warning, "interface {Interface} on bridge {Bridge} belongs to no sandbox and was removed")]
    public static partial void StrayInterface(ILogger log, string @interface, string bridge);

    [LoggerMessage(5011, LogLevel.Warning, "no plugin of CNI network {Network} maps ports: host ports {Ports} of sandbox {SandboxId} lead nowhere")]
    public static partial void HostPortsIgnored(ILogger log, string network, string ports, string sandboxId);

    [LoggerMessage(5012, LogLevel.Warning, "built-in bridge could not be brought to its recorded state")]
    public static partial void BridgeRecoveryFailed(ILogger log, Exception error);
}
