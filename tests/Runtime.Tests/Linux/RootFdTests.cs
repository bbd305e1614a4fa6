using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Tests.Linux;

/// <summary>A root that a hostile image filled with links.</summary>
public sealed class RootFdTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-root-").FullName;
    private readonly RootFd _root;

    public RootFdTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "root"));
        File.WriteAllText(Path.Combine(_folder, "secret"), "secret");
        _root = new RootFd(Fd.Open(Path.Combine(_folder, "root"), O_PATH | O_DIRECTORY));
    }

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("../../../../../../etc/passwd")]
    [InlineData("/etc/passwd")]
    public void OpenIfPresent_LinkOutOfTheRoot_StaysInside(string target)
    {
        File.CreateSymbolicLink(InRoot("link"), target);

        Assert.Null(_root.OpenIfPresent("/link", O_RDONLY));
    }

    [Fact]
    public void OpenIfPresent_DotsInPath_StayInside() => Assert.Null(_root.OpenIfPresent("../secret", O_RDONLY));

    [Fact]
    public void Open_MagicLink_IsRefused()
    {
        using var proc = new RootFd(Fd.Open("/proc", O_PATH | O_DIRECTORY));

        var error = Assert.Throws<LinuxException>(() => proc.Open("/self/cwd", O_PATH));

        Assert.Equal(Errno.ELOOP, error.Errno);
    }

    [Fact]
    public void MakeFolders_ThroughLinkOut_MakesThemInside()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "outside"));
        Directory.CreateDirectory(InRoot("etc"));
        File.CreateSymbolicLink(InRoot("link"), "/etc");

        using var made = _root.MakeFolders("/link/a/b");

        Assert.True(Directory.Exists(InRoot("etc", "a", "b")));
        Assert.False(Directory.Exists("/etc/a"));
    }

    [Fact]
    public void MakeFolders_ThroughDanglingLink_MakesNothing()
    {
        File.CreateSymbolicLink(InRoot("link"), "/" + Path.GetFileName(_folder) + "-new");

        Assert.Throws<LinuxException>(() => _root.MakeFolders("/link"));

        Assert.Equal(["link"], Directory.EnumerateFileSystemEntries(InRoot()).Select(Path.GetFileName));
    }

    [Fact]
    public void MakeFile_NewPath_MakesItWithParents()
    {
        using var made = _root.MakeFile("/a/b/file");

        Assert.True(File.Exists(InRoot("a", "b", "file")));
    }

    [Fact]
    public void MakeFile_ThroughDanglingLinkOut_MakesNothingOutside()
    {
        File.CreateSymbolicLink(InRoot("file"), Path.Combine(_folder, "made"));

        Assert.Throws<LinuxException>(() => _root.MakeFile("/file"));

        Assert.False(File.Exists(Path.Combine(_folder, "made")));
    }

    [Theory]
    [InlineData("/a/..")]
    [InlineData("/a/.")]
    public void MakeParent_NameThatIsNone_IsRefused(string path) => Assert.Throws<LinuxException>(() => _root.MakeParent(path));

    private string InRoot(params string[] parts) => Path.Combine([_folder, "root", .. parts]);
}
