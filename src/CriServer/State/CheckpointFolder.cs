using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CriShim.Linux;

namespace CriShim.CriServer.State;

/// <summary>One record found on disk, or why it could not be read.</summary>
internal sealed record FoundCheckpoint<T>(string Id, T? Checkpoint, string? Error)
    where T : class;

/// <summary>
/// The persisted records of one kind of object: <c>FOLDER/ID/FILE</c>. A write replaces the file at once, whole, so that a killed server
/// finds it; that it outlives a power cut is seen to soon after (<see cref="LazyDurability"/>), because a power cut takes the object itself.
/// </summary>
/// <param name="written">Told the path of each record that was written.</param>
internal sealed class CheckpointFolder<T>(string folder, string quarantine, string fileName, JsonTypeInfo<T> type, Action<string> written)
    where T : class
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Folder of everything that is kept about one object.</summary>
    public string FolderOf(string id) => Path.Combine(folder, id);

    public void Write(string id, T checkpoint)
    {
        var path = Path.Combine(FolderOf(id), fileName);
        Directory.CreateDirectory(FolderOf(id), FolderMode);
        AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(checkpoint, type), durable: false);
        written(path);
    }

    /// <summary>Forgets the object and all that lies in its folder; nothing there is fine.</summary>
    public void Delete(string id)
    {
        try
        {
            Directory.Delete(FolderOf(id), recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }

    /// <summary>Every record there is; those that cannot be read come with their error.</summary>
    public IEnumerable<FoundCheckpoint<T>> ReadAll() =>
        Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder).Select(path => Read(Path.GetFileName(path)))
            : [];

    /// <summary>Puts a record that cannot be read out of the way, for people to look at.</summary>
    /// <returns>Where it is now.</returns>
    public string Quarantine(string id, DateTimeOffset now)
    {
        Directory.CreateDirectory(quarantine, FolderMode);
        var target = Path.Combine(quarantine, $"{Path.GetFileName(folder)}-{id}-{now.ToUnixTimeMilliseconds()}");
        Directory.Move(FolderOf(id), target);
        return target;
    }

    private FoundCheckpoint<T> Read(string id)
    {
        try
        {
            var bytes = File.ReadAllBytes(Path.Combine(FolderOf(id), fileName));
            var checkpoint = JsonSerializer.Deserialize(bytes, type);
            return checkpoint is null ? new FoundCheckpoint<T>(id, null, "empty record") : new FoundCheckpoint<T>(id, checkpoint, null);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return new FoundCheckpoint<T>(id, null, e.Message);
        }
    }
}
