using CriShim.Cri.V1;
using CriShim.CriServer.Images.Layers;

namespace CriShim.CriServer.Images;

/// <summary>The ImageFsInfo call, from what unpacking counted: no walk of the disk. Images and containers share one file system.</summary>
internal sealed class ImageFsInfoQuery(LayerStore layers, string mountpoint, TimeProvider time)
{
    public ImageFsInfoResponse Execute()
    {
        var (bytes, inodes) = layers.Usage;
        var usage = new FilesystemUsage
        {
            Timestamp = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100,
            FsId = new FilesystemIdentifier { Mountpoint = mountpoint },
            UsedBytes = new UInt64Value { Value = (ulong)bytes },
            InodesUsed = new UInt64Value { Value = (ulong)inodes },
        };
        var response = new ImageFsInfoResponse();
        response.ImageFilesystems.Add(usage);
        response.ContainerFilesystems.Add(usage.Clone());
        return response;
    }
}
