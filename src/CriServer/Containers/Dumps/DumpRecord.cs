using System.Text.Json.Serialization;

namespace CriShim.CriServer.Containers.Dumps;

/// <summary>config.dump: which container it was, in the form that checkpointctl reads (its lib/metadata.go, ContainerConfig).</summary>
/// <param name="RootfsImage">As the client named the image.</param>
/// <param name="RootfsImageRef">By digest.</param>
internal sealed record DumpRecord(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("rootfsImage")] string RootfsImage,
    [property: JsonPropertyName("rootfsImageRef")] string RootfsImageRef,
    [property: JsonPropertyName("rootfsImageName")] string RootfsImageName,
    [property: JsonPropertyName("runtime")] string Runtime,
    [property: JsonPropertyName("createdTime")] DateTimeOffset CreatedTime,
    [property: JsonPropertyName("checkpointedTime")] DateTimeOffset CheckpointedTime)
{
    private const long NanosecondsPerTick = 100;

    /// <param name="handler">The pod's runtime handler; null or empty: the built-in runtime.</param>
    public static DumpRecord Of(Container container, string? handler, DateTimeOffset at) => new(
        container.Id,
        container.Name,
        container.Config.Image?.Image ?? "",
        container.ImageReference,
        container.ImageName,
        handler is { Length: > 0 } ? handler : Handlers.RuntimeHandlers.BuiltInName,
        DateTimeOffset.UnixEpoch.AddTicks(container.CreatedAt / NanosecondsPerTick),
        at);
}

/// <summary>bind.mounts: a volume of the container, and what must be at its source for it to be restored.</summary>
/// <param name="FileType">directory or file.</param>
/// <param name="Permissions">Of the source.</param>
internal sealed record DumpVolume(
    [property: JsonPropertyName("source")] string Source,
    [property: JsonPropertyName("destination")] string Destination,
    [property: JsonPropertyName("file_type")] string FileType,
    [property: JsonPropertyName("permissions")] uint Permissions);

[JsonSerializable(typeof(DumpRecord))]
[JsonSerializable(typeof(IReadOnlyList<DumpVolume>))]
internal sealed partial class DumpJsonContext : JsonSerializerContext;
