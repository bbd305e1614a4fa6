using System.Globalization;
using System.Text.Json;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Layers;
using CriShim.Linux;
using CriShim.Oci.ImageSpec;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>
/// The writable layers of containers, <c>FOLDER/ID/{snapshot.json,…}</c>, with a folder for each image volume. A snapshot holds the layers under it from before it is made
/// until after it is gone.
/// </summary>
/// <param name="quota">Null: writable layers have no limit.</param>
/// <param name="layerMissing">Called when an image's layer turns out to be gone, so that the image can be forgotten.</param>
internal sealed class SnapshotStore(
    string folder, LayerStore layers, ISnapshotBackend backend, SnapshotQuota? quota, FolderRemoval removal, Action layerMissing, ILogger<SnapshotStore> log)
    : ISnapshotter
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string RecordName = "snapshot.json";
    private const string TrashPrefix = ".trash-";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, SnapshotRecord> _records = [];
    private long _counter;

    /// <summary>Reads the records; returns folders that are no snapshots, to be deleted.</summary>
    public IReadOnlyList<string> Load()
    {
        Directory.CreateDirectory(folder, FolderMode);
        var rubbish = new List<string>();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder))
        {
            if (TryRead(path) is { } record)
            {
                _records.Add(record.ContainerId, record);
                layers.Hold(record.AllLayers);
                Adopt(record.Project);
            }
            else
            {
                rubbish.Add(path);
            }
        }

        return rubbish;
    }

    public IReadOnlyList<string> List()
    {
        lock (_gate)
        {
            return [.. _records.Keys];
        }
    }

    public void Prepare(string containerId, Image image, IReadOnlyList<Image>? volumes = null)
    {
        SnapshotRecord record;
        lock (_gate)
        {
            if (_records.ContainsKey(containerId))
            {
                throw new CriException(CriErrorKind.AlreadyExists, $"snapshot of container \"{containerId}\" already exists");
            }

            record = new SnapshotRecord(containerId, backend.Name, image.DiffIds, quota?.Reserve(), volumes?.Select(volume => volume.DiffIds).ToList());
            _records.Add(containerId, record);
        }

        layers.Hold(record.AllLayers);
        try
        {
            foreach (var needed in (IEnumerable<Image>)[image, .. volumes ?? []])
            {
                RequireLayers(needed);
            }

            var path = FolderOf(containerId);
            Directory.CreateDirectory(path, FolderMode);
            if (record.Project is { } project)
            {
                quota!.Apply(path, project);
            }

            AtomicFile.Write(
                Path.Combine(path, RecordName), JsonSerializer.SerializeToUtf8Bytes(record, SnapshotJsonContext.Default.SnapshotRecord), durable: false);
            backend.Prepare(path, LowerFolders(record.DiffIds));
            for (var number = 0; number < volumes?.Count; number++)
            {
                PrepareVolume(VolumeFolder(containerId, number), volumes[number]);
            }
        }
        catch
        {
            Remove(containerId);
            throw;
        }
    }

    public SafeFileHandle MountRootfs(string containerId, RootIdMap? ids = null, string? label = null)
    {
        var record = Get(containerId);
        FolderAttributes.Restore(layers, VisibleLayers(record.DiffIds), WritableFolder(containerId), ids);
        return backend.Mount(FolderOf(containerId), LowerFolders(record.DiffIds), ids, label);
    }

    public SafeFileHandle MountVolume(string containerId, int number, RootIdMap? ids = null, string? label = null) =>
        backend.MountReadOnly(VolumeFolder(containerId, number), LowerFolders(Get(containerId).Volumes![number]), ids, label);

    public string WritableFolder(string containerId) => backend.WritableFolder(FolderOf(containerId));

    public void Remove(string containerId)
    {
        SnapshotRecord? record;
        lock (_gate)
        {
            if (!_records.Remove(containerId, out record))
            {
                return;
            }
        }

        var path = FolderOf(containerId);
        if (Directory.Exists(path))
        {
            var trash = Path.Combine(folder, string.Create(
                CultureInfo.InvariantCulture, $"{TrashPrefix}{Environment.ProcessId}-{Interlocked.Increment(ref _counter)}"));
            Directory.Move(path, trash);
            removal.Request([trash]);
        }

        if (record.Project is { } project)
        {
            quota?.Release(project);
        }

        removal.Request(layers.Release(record.AllLayers));
    }

    /// <summary>What the container wrote, with what is kept for it; nothing when it is gone. Walks the disk unless there is a quota.</summary>
    public DiskUsage UsageOf(string containerId)
    {
        try
        {
            return quota is not null && Get(containerId).Project is { } project ? quota.UsageOf(project) : FolderUsage.Of(FolderOf(containerId));
        }
        catch (Exception e) when (e is IOException or CriException)
        {
            return default; // removed meanwhile
        }
    }

    private void Adopt(uint? project)
    {
        if (project is { } number)
        {
            quota?.Adopt(number);
        }
    }

    private void PrepareVolume(string path, Image volume)
    {
        Directory.CreateDirectory(path, FolderMode);
        backend.Prepare(path, LowerFolders(volume.DiffIds));
        FolderAttributes.Restore(layers, VisibleLayers(volume.DiffIds), backend.WritableFolder(path), ids: null);
    }

    private void RequireLayers(Image image)
    {
        var found = image.DiffIds.Select(layers.FindWhole).ToList();
        if (found.Contains(null))
        {
            layerMissing();
            throw CriException.NotFound("image", image.Id);
        }
    }

    private SnapshotRecord Get(string containerId)
    {
        lock (_gate)
        {
            return _records.GetValueOrDefault(containerId) ?? throw CriException.NotFound("snapshot of container", containerId);
        }
    }

    private List<string> LowerFolders(IReadOnlyList<Digest> diffIds) => [.. VisibleLayers(diffIds).Select(layers.ContentsOf)];

    /// <summary>A layer that hides everything below its root ends the stack: overlayfs does not ask the roots of layers for that.</summary>
    private List<Digest> VisibleLayers(IReadOnlyList<Digest> diffIds) =>
        [.. diffIds.Skip(Math.Max(0, diffIds.ToList().FindLastIndex(diffId => EntryXattrs.IsOpaque(layers.ContentsOf(diffId)))))];

    private string VolumeFolder(string containerId, int number) =>
        Path.Combine(FolderOf(containerId), string.Create(CultureInfo.InvariantCulture, $"volume-{number}"));

    private string FolderOf(string containerId) => Path.Combine(folder, containerId);

    private SnapshotRecord? TryRead(string path)
    {
        if (Path.GetFileName(path).StartsWith(TrashPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            var bytes = File.ReadAllBytes(Path.Combine(path, RecordName));
            var record = JsonSerializer.Deserialize(bytes, SnapshotJsonContext.Default.SnapshotRecord);
            return record?.ContainerId == Path.GetFileName(path) && record.DiffIds is not null ? record : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            ImageLog.SnapshotForgotten(log, Path.GetFileName(path), e.Message);
            return null;
        }
    }
}
