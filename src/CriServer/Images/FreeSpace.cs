using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.Linux;

namespace CriShim.CriServer.Images;

/// <summary>Whether layers have room on the disk, before any of them is fetched.</summary>
internal static class FreeSpace
{
    /// <summary>
    /// Unpacked bytes per compressed byte that are asked for. Images have two to four; the least, so that none is refused that has room:
    /// unpacking finds out about the others.
    /// </summary>
    private const int Expansion = 2;

    /// <returns>Null: there is room. Else what is missing, for people.</returns>
    public static string? FindProblem(string folder, IEnumerable<ImageLayer> missing)
    {
        var needed = missing.Sum(layer => (double)layer.Blob.Size * (IsCompressed(layer) ? Expansion : 1));
        var free = new DriveInfo(folder).AvailableFreeSpace; // statvfs(3)
        return needed <= free ? null : $"no space left in {folder}: at least {Megabytes(needed)} MB are needed, {Megabytes(free)} MB are free";
    }

    /// <summary>The disk or a quota is full, or would be.</summary>
    public static bool IsExhausted(Exception e) =>
        e is CriException { Kind: CriErrorKind.ResourceExhausted } || (e is IOException && (Errno)e.HResult is Errno.ENOSPC or Errno.EDQUOT);

    public static CriException Exhausted(string text) => new(CriErrorKind.ResourceExhausted, text);

    private static bool IsCompressed(ImageLayer layer) =>
        layer.Blob.MediaType is { } type && (type.EndsWith("gzip", StringComparison.Ordinal) || type.EndsWith("zstd", StringComparison.Ordinal));

    private static long Megabytes(double bytes) => (long)Math.Ceiling(bytes / 1e6);
}
