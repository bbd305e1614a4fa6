using CriShim.CriServer.Images.Archives;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Containers.Dumps;

/// <summary>What a container wrote, as an image's layer would have it: files and whiteouts, owners as the container sees them.</summary>
internal static class RootDiff
{
    private const int BufferBytes = 1 << 20;

    /// <param name="writable">The container's writable layer.</param>
    /// <param name="path">The archive to make.</param>
    /// <param name="rootOnHost">What the container's user and group 0 are on the host; null: the same.</param>
    public static void Pack(string writable, string path, (uint Uid, uint Gid)? rootOnHost, CancellationToken cancellationToken)
    {
        using var file = PrivateFile.Create(path);
        using var stoppable = new StoppableWriter(file, cancellationToken);
        using var buffered = new BufferedStream(stoppable, BufferBytes);
        using var root = Fd.Open(writable, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        new LayerPacker(new TarOutput(buffered), _ => false) { RootOwner = rootOnHost ?? (0, 0) }.Pack(root);
        buffered.Flush();
    }
}
