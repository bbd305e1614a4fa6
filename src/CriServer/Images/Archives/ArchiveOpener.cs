using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Archives;

/// <summary>Opens a folder or a tar archive. A compressed one is unpacked into a spool file first: its parts are needed in any order.</summary>
internal static class ArchiveOpener
{
    private const int CopyBytes = 1 << 20;

    /// <param name="spoolFolder">Where the spool file may lie.</param>
    /// <param name="maxBytes">Of an archive, uncompressed.</param>
    /// <exception cref="ContentException">Neither folder nor archive, or one beyond a limit.</exception>
    public static IArchiveFiles Open(string path, string spoolFolder, long maxBytes)
    {
        if (Directory.Exists(path))
        {
            return new FolderFiles(path);
        }

        var file = Fd.Open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        try
        {
            return FileStatus.Of(file, path).IsRegular
                ? new TarFiles(UnpackIfCompressed(file, spoolFolder, maxBytes))
                : throw new ContentException("it is neither a file nor a folder");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static SafeFileHandle UnpackIfCompressed(SafeFileHandle file, string spoolFolder, long maxBytes)
    {
        var length = RandomAccess.GetLength(file);
        var source = new SourceStream(new StreamSource(new FileSlice(file, 0, length), CopyBytes));
        using var plain = LayerCompression.Open(source);
        if (ReferenceEquals(plain, source))
        {
            return file;
        }

        var limit = Math.Min(maxBytes, Math.Max(ContentLimits.ExpansionGraceBytes, length * ContentLimits.MaxExpansion));
        var spool = SpoolFile.Create(spoolFolder);
        try
        {
            Copy(plain, spool, limit);
            file.Dispose();
            return spool.SafeFileHandle;
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    private static void Copy(Stream from, FileStream to, long limit)
    {
        var buffer = new byte[CopyBytes];
        try
        {
            while (from.Read(buffer) is var count and > 0)
            {
                to.Write(buffer.AsSpan(0, count));
                if (to.Position > limit)
                {
                    throw new ContentException($"it unpacks to more than {limit} bytes");
                }
            }
        }
        catch (InvalidDataException e)
        {
            throw new ContentException("its compression is damaged", e);
        }
    }
}
