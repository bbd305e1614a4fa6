using System.Collections.Concurrent;
using System.Text.Json;
using CriShim.Linux;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Networking;

/// <summary>The attachment records: one file a sandbox, all of them in memory too.</summary>
/// <param name="folder">Made when the first record is written.</param>
/// <param name="written">Told the path of every written record, to bring it to the disk in its own time.</param>
internal sealed class AttachmentStore(string folder, Action<string> written, ILogger log)
{
    private const string Extension = ".json";
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly ConcurrentDictionary<string, AttachmentCheckpoint> _records = new();

    public ICollection<AttachmentCheckpoint> All => _records.Values;

    public int Count => _records.Count;

    public AttachmentCheckpoint? Find(string sandboxId) => _records.GetValueOrDefault(sandboxId);

    /// <summary>Reads the folder; a record that cannot be read is renamed, so that it stops nobody and can be looked at.</summary>
    public void Load()
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        AtomicFile.RemoveLeftovers(folder);
        foreach (var path in Directory.GetFiles(folder, "*" + Extension))
        {
            try
            {
                var record = JsonSerializer.Deserialize(File.ReadAllBytes(path), NetworkingJsonContext.Default.AttachmentCheckpoint);
                if (record is null || PathOf(record.SandboxId) != path)
                {
                    throw new JsonException("it is not the record of the sandbox that its name tells");
                }

                _records[record.SandboxId] = record;
            }
            catch (Exception e) when (e is JsonException or ArgumentException)
            {
                File.Move(path, path + ".corrupt", overwrite: true);
                NetworkLog.RecordQuarantined(log, path, e.Message);
            }
        }
    }

    public void Write(AttachmentCheckpoint record)
    {
        Directory.CreateDirectory(folder, FolderMode);
        var path = PathOf(record.SandboxId);
        AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(record, NetworkingJsonContext.Default.AttachmentCheckpoint), durable: false);
        _records[record.SandboxId] = record;
        written(path);
    }

    public void Remove(string sandboxId)
    {
        File.Delete(PathOf(sandboxId));
        _records.TryRemove(sandboxId, out _);
    }

    private string PathOf(string sandboxId) => Path.Combine(folder, Path.GetFileName(sandboxId) + Extension);
}
