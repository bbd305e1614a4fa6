using CriShim.Oci.ImageSpec;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images;

/// <summary>Log lines about images; event ids 4000 to 4999.</summary>
internal static partial class ImageLog
{
    [LoggerMessage(4000, LogLevel.Information, "pulled image {Reference}: {Id}, {Layers} layers, {Milliseconds:F0} ms")]
    public static partial void Pulled(ILogger log, string reference, string id, int layers, double milliseconds);

    [LoggerMessage(4001, LogLevel.Debug, "unpacked layer {DiffId}: {Compressed} bytes to {Bytes} bytes in {Inodes} inodes")]
    public static partial void LayerUnpacked(ILogger log, Digest diffId, long compressed, long bytes, long inodes);

    [LoggerMessage(4002, LogLevel.Warning, "failed to sync layers to the disk: {Cause}; they count for this boot only")]
    public static partial void LayerSyncFailed(ILogger log, string cause);

    [LoggerMessage(4003, LogLevel.Information, "removed image {Id} ({Names})")]
    public static partial void Removed(ILogger log, string id, string names);

    [LoggerMessage(4004, LogLevel.Warning, "image {Name} is no longer whole and was forgotten: {Cause}")]
    public static partial void Forgotten(ILogger log, string name, string cause);

    [LoggerMessage(4005, LogLevel.Warning, "image index was not readable and is kept as {Path}: {Cause}")]
    public static partial void IndexQuarantined(ILogger log, string path, string cause);

    [LoggerMessage(4006, LogLevel.Warning, "failed to delete {Path}: {Cause}; it will be tried again at the next start")]
    public static partial void DeleteFailed(ILogger log, string path, string cause);

    [LoggerMessage(4007, LogLevel.Information, "snapshotter {Name}: {Reason}")]
    public static partial void SnapshotterChosen(ILogger log, string name, string reason);

    [LoggerMessage(4008, LogLevel.Warning, "snapshot of container {Id} was not readable and is set aside: {Cause}")]
    public static partial void SnapshotForgotten(ILogger log, string id, string cause);

    [LoggerMessage(4009, LogLevel.Information, "writable layers are held to {Bytes} bytes each by project quotas on {Folder}")]
    public static partial void QuotaChosen(ILogger log, long bytes, string folder);

    [LoggerMessage(4020, LogLevel.Debug, "registry {Origin}: {Cause}; it is asked again in {Milliseconds:F0} ms")]
    public static partial void RegistryAskedAgain(ILogger log, string origin, string cause, double milliseconds);
}
