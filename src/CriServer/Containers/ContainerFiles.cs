using System.Text.Json;
using CriShim.CriServer.Images;
using CriShim.CriServer.Images.Snapshots;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Specs;
using CriShim.CriServer.State;
using CriShim.Linux;
using CriShim.Oci;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Containers;

/// <summary>What a container has on disk: its record, its root (a snapshot on the image's layers), its bundle.</summary>
/// <param name="runtimeRoots">Where other runtimes keep states, each container's in a folder of its id: a supervisor that was killed leaves it.</param>
internal sealed class ContainerFiles(CheckpointFolder<ContainerCheckpoint> records, ISnapshotter snapshotter, StateLayout layout, IReadOnlyList<string> runtimeRoots)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the container's root and its image volumes.</summary>
    /// <param name="sandbox">Its pod: where that has a user namespace, the owners are mapped by it.</param>
    /// <param name="label">SELinux context of all files; null: none.</param>
    public ContainerRoot MakeRoot(string containerId, Sandbox sandbox, Image image, IReadOnlyList<ImageVolume> volumes, string? label = null)
    {
        snapshotter.Prepare(containerId, image, volumes.Count == 0 ? null : [.. volumes.Select(volume => volume.Image)]);
        using var ids = IdMapOf(sandbox);
        var mounted = new List<SafeFileHandle>(volumes.Count);
        try
        {
            for (var number = 0; number < volumes.Count; number++)
            {
                var whole = snapshotter.MountVolume(containerId, number, ids, label);
                mounted.Add(ImageVolumes.Narrow(whole, volumes[number].SubPath, layout.ContainerVolume(containerId, number)));
            }

            return new ContainerRoot(snapshotter.MountRootfs(containerId, ids, label), mounted);
        }
        catch
        {
            mounted.ForEach(volume => volume.Dispose());
            throw;
        }
    }

    /// <summary>Makes the bundle's folder.</summary>
    public void MakeBundle(string containerId) => Directory.CreateDirectory(layout.ContainerFolder(containerId), FolderMode);

    /// <summary>Lies on a folder that a reboot empties: written whole, not synced.</summary>
    public void WriteSpec(string containerId, Spec spec) => AtomicFile.Write(
        layout.ContainerSpec(containerId), JsonSerializer.SerializeToUtf8Bytes(spec, OciJsonContext.Default.Spec), durable: false);

    /// <summary>Removes root and bundle; what is gone already is fine.</summary>
    public void RemoveWorkingFiles(string containerId)
    {
        snapshotter.Remove(containerId);
        foreach (var folder in runtimeRoots.Select(root => Path.Combine(root, containerId)).Prepend(layout.ContainerFolder(containerId)))
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>Ids of all containers that have a root.</summary>
    public IReadOnlyList<string> SnapshotIds() => snapshotter.List();

    public void RemoveRecord(string containerId) => records.Delete(containerId);

    private RootIdMap? IdMapOf(Sandbox sandbox) => SandboxSpec.RootOnHost(sandbox.Config) is var (uid, gid)
        ? new RootIdMap(Fd.Open(layout.NamespacePin(sandbox.Id, "user"), O_RDONLY | O_NOFOLLOW), uid, gid)
        : null;
}
