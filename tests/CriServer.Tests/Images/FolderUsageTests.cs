using CriShim.CriServer.Tests.Fakes;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Tests.Images;

public sealed class FolderUsageTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_LinksAndHoles_CountsInodesAndBlocks()
    {
        var empty = FolderUsage.Of(_folder.FullPath);
        Assert.Equal(1, empty.Inodes);
        File.WriteAllBytes(_folder["a"], new byte[10_000]);
        using (var sparse = File.Create(_folder["sparse"]))
        {
            sparse.SetLength(1 << 30);
        }

        File.CreateSymbolicLink(_folder["link"], "/");
        Directory.CreateDirectory(_folder["d"]);
        using (var folder = Fd.Open(_folder.FullPath, O_RDONLY))
        {
            Assert.Equal(0, linkat(folder, "a", folder, "d/hard", 0));
        }

        var usage = FolderUsage.Of(_folder.FullPath);
        Assert.Equal(5, usage.Inodes);
        Assert.InRange(usage.Bytes - empty.Bytes, 10_000, 100_000);
    }

    [Fact]
    public void Of_FoldersWithoutEnd_Ends()
    {
        var path = _folder.FullPath;
        for (var i = 0; i < 300; i++)
        {
            path = Path.Combine(path, "d");
        }

        Directory.CreateDirectory(path);
        Assert.InRange(FolderUsage.Of(_folder.FullPath).Inodes, 100, 300);
    }

    [Fact]
    public void Of_NotThere_Throws() => Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => FolderUsage.Of(_folder["none"])).Errno);
}
