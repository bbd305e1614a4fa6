using CriShim.Cri.V1;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Snapshots;
using CriShim.Linux;

namespace CriShim.CriServer.Images;

/// <summary>
/// The ImageFsInfo call: blobs and layers as they were counted when they were written, and what containers wrote as it was counted last
/// (<see cref="WritableUsage"/>). No walk of the disk.
/// </summary>
/// <param name="root">Folder of both: one mount point for both tells the kubelet that there is one file system to watch.</param>
internal sealed class ImageFsInfoQuery(LayerStore layers, BlobStore blobs, WritableUsage writable, string root, TimeProvider time)
{
    public ImageFsInfoResponse Execute()
    {
        var (written, countedAt) = writable.Read();
        return new ImageFsInfoResponse
        {
            ImageFilesystems = { ToMessage(layers.Usage + blobs.Usage, time.GetUtcNow()) },
            ContainerFilesystems = { ToMessage(written, countedAt) },
        };
    }

    private FilesystemUsage ToMessage(DiskUsage usage, DateTimeOffset at) => new()
    {
        Timestamp = (at - DateTimeOffset.UnixEpoch).Ticks * 100,
        FsId = new FilesystemIdentifier { Mountpoint = root },
        UsedBytes = new UInt64Value { Value = (ulong)usage.Bytes },
        InodesUsed = new UInt64Value { Value = (ulong)usage.Inodes },
    };
}
