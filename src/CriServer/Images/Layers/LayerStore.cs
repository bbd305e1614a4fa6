using System.Text.Json;
using CriShim.Linux;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// The unpacked layers, each in a folder of its own, shared by all images and containers that have it:
/// <c>FOLDER/sha256-HEX/{fs,implied,READY}</c>. A layer stays as long as an image, a snapshot or a pull in progress holds it.
/// </summary>
/// <remarks>
/// A layer is made under a temporary name and renamed with its READY record in it, so a killed server leaves whole layers or rubbish
/// that <see cref="Initialize"/> removes. What a power cut may have torn is told by <see cref="LayerRecord.UnsyncedSince"/>.
/// </remarks>
internal sealed class LayerStore(string folder)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string ContentsName = "fs";
    private const string RecordName = "READY";
    private const string ImpliedName = "implied";
    private const string StagingPrefix = ".staging-";
    private const string TrashPrefix = ".trash-";
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    // A layer's own folder and its record, a block each.
    private static readonly DiskUsage s_frame = new(2 * 4096, 2);

    private readonly Lock _gate = new();
    private readonly Dictionary<Digest, LayerRecord> _records = [];
    private readonly Dictionary<Digest, int> _holders = [];
    private readonly string _bootId = File.ReadAllText(BootIdFile).Trim();

    /// <summary>What all layers take, as it was counted when they were unpacked.</summary>
    public DiskUsage Usage
    {
        get
        {
            lock (_gate)
            {
                return DiskUsage.Sum(_records.Values.Select(r => new DiskUsage(r.Bytes, r.Inodes) + s_frame));
            }
        }
    }

    /// <summary>The layer's files.</summary>
    public string ContentsOf(Digest diffId) => Path.Combine(FolderOf(diffId), ContentsName);

    /// <summary>Reads the records; returns what is rubbish, for <see cref="RemoveFolders"/>.</summary>
    public IReadOnlyList<string> Initialize()
    {
        Directory.CreateDirectory(folder, FolderMode);
        var rubbish = new List<string>();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder))
        {
            if (TryReadRecord(path) is { } record)
            {
                _records[record.DiffId] = record;
            }
            else
            {
                // Out of the way of the layer's own name: it is deleted while pulls already run.
                var trash = Path.Combine(folder, TrashPrefix + NextName());
                Directory.Move(path, trash);
                rubbish.Add(trash);
            }
        }

        return rubbish;
    }

    /// <summary>The layer if it is there and may be used.</summary>
    public LayerRecord? Find(Digest diffId)
    {
        lock (_gate)
        {
            return _records.GetValueOrDefault(diffId);
        }
    }

    /// <summary>As <see cref="Find"/>, but looks at the disk too: a layer whose files somebody took away no longer counts.</summary>
    public LayerRecord? FindWhole(Digest diffId)
    {
        lock (_gate)
        {
            if (_records.TryGetValue(diffId, out var record) && !Directory.Exists(ContentsOf(diffId)))
            {
                _records.Remove(diffId);
                return null;
            }

            return record;
        }
    }

    /// <summary>Folders of the layer that its archive has no entry for, parents first; see <see cref="ImpliedFolders"/>.</summary>
    public IReadOnlyList<byte[]> ImpliedFoldersOf(Digest diffId) => Find(diffId) is { ImpliedFolders: > 0 }
        ? ImpliedFolders.Parse(File.ReadAllBytes(Path.Combine(FolderOf(diffId), ImpliedName)))
        : [];

    /// <summary>Keeps layers from being removed, there or still to come, until <see cref="Release"/>.</summary>
    public void Hold(IEnumerable<Digest> diffIds)
    {
        lock (_gate)
        {
            foreach (var diffId in diffIds)
            {
                _holders[diffId] = _holders.GetValueOrDefault(diffId) + 1;
            }
        }
    }

    /// <summary>Undoes one <see cref="Hold"/>; layers that nobody holds any more are gone at once and must be deleted by the caller.</summary>
    /// <returns>Folders for <see cref="RemoveFolders"/>.</returns>
    public IReadOnlyList<string> Release(IEnumerable<Digest> diffIds)
    {
        lock (_gate)
        {
            foreach (var diffId in diffIds)
            {
                if (_holders.GetValueOrDefault(diffId) is var count && count > 1)
                {
                    _holders[diffId] = count - 1;
                }
                else
                {
                    _holders.Remove(diffId);
                }
            }

            return [.. _records.Keys.Where(d => !_holders.ContainsKey(d)).ToList().Select(Discard)];
        }
    }

    /// <summary>An empty folder to unpack into, invisible until <see cref="Commit"/>.</summary>
    public string CreateStaging()
    {
        var staging = Path.Combine(folder, StagingPrefix + NextName());
        Directory.CreateDirectory(Path.Combine(staging, ContentsName), FolderMode);
        // A layer's root is what a container sees as "/": its entry in the archive may change it.
        File.SetUnixFileMode(StagingContents(staging), (UnixFileMode)0x1ED);
        return staging;
    }

    public static string StagingContents(string staging) => Path.Combine(staging, ContentsName);

    /// <summary>Makes an unpacked and verified layer count.</summary>
    public LayerRecord Commit(string staging, Digest diffId, LayerUsage usage)
    {
        var record = new LayerRecord(diffId, usage.Bytes, usage.Inodes, _bootId, usage.Implied?.Count ?? 0);
        if (usage.Implied is { } implied)
        {
            File.WriteAllBytes(Path.Combine(staging, ImpliedName), implied.ToBytes());
        }

        WriteRecord(staging, record, durable: false);
        lock (_gate)
        {
            var target = FolderOf(diffId);
            if (Directory.Exists(target))
            {
                Directory.Move(target, Path.Combine(folder, TrashPrefix + NextName())); // one that does not count
            }

            Directory.Move(staging, target);
            _records[diffId] = record;
            return record;
        }
    }

    /// <summary>To be called when everything written before is on the disk.</summary>
    public void MarkSynced(Digest diffId)
    {
        lock (_gate)
        {
            if (_records.GetValueOrDefault(diffId) is { UnsyncedSince: not null } record)
            {
                record = record with { UnsyncedSince = null };
                WriteRecord(FolderOf(diffId), record, durable: true);
                _records[diffId] = record;
            }
        }
    }

    /// <summary>Layers that only this boot may trust.</summary>
    public IReadOnlyList<Digest> Unsynced()
    {
        lock (_gate)
        {
            return [.. _records.Values.Where(r => r.UnsyncedSince is not null).Select(r => r.DiffId)];
        }
    }

    /// <summary>Deletes folders that no longer are layers.</summary>
    public static void RemoveFolders(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            FolderTree.Remove(path);
        }
    }

    public string FolderPath => folder;

    private string FolderOf(Digest diffId) => Path.Combine(folder, $"{diffId.Algorithm}-{diffId.Hex}");

    /// <summary>Never one that an earlier server on this folder used.</summary>
    private static string NextName() => Guid.NewGuid().ToString("N");

    /// <summary>Under the lock: takes the layer out of sight.</summary>
    private string Discard(Digest diffId)
    {
        var trash = Path.Combine(folder, TrashPrefix + NextName());
        _records.Remove(diffId);
        if (Directory.Exists(FolderOf(diffId)))
        {
            Directory.Move(FolderOf(diffId), trash);
        }

        return trash;
    }

    private LayerRecord? TryReadRecord(string path)
    {
        try
        {
            var bytes = File.ReadAllBytes(Path.Combine(path, RecordName));
            var record = JsonSerializer.Deserialize(bytes, LayerJsonContext.Default.LayerRecord);
            return record is not null && FolderOf(record.DiffId) == path && (record.UnsyncedSince ?? _bootId) == _bootId
                && Directory.Exists(Path.Combine(path, ContentsName))
                ? record
                : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void WriteRecord(string layer, LayerRecord record, bool durable) =>
        AtomicFile.Write(
            Path.Combine(layer, RecordName), JsonSerializer.SerializeToUtf8Bytes(record, LayerJsonContext.Default.LayerRecord), durable: durable);
}
