using CriShim.Linux;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Logging;

namespace CriShim.Runtime.Tests.Logging;

public sealed class LogPlaceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_MissingFolders_AreMade()
    {
        using (new LogPlace(At("logs/pod/name/0.log"), At("logs/pod")).Open())
        {
            Assert.True(File.Exists(At("logs/pod/name/0.log")));
        }
    }

    [Theory]
    [InlineData("name")]
    [InlineData("name/0.log")]
    public void Open_LinkBelowTheFolder_IsRefused(string link)
    {
        Directory.CreateDirectory(At("logs"));
        Directory.CreateDirectory(At("elsewhere"));
        Directory.CreateDirectory(Path.GetDirectoryName(At($"logs/{link}"))!);
        File.CreateSymbolicLink(At($"logs/{link}"), link == "name" ? At("elsewhere") : At("elsewhere/file"));
        var place = new LogPlace(At("logs/name/0.log"), At("logs"));
        Assert.Equal(Errno.ELOOP, Assert.Throws<LinuxException>(place.Open).Errno);
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("elsewhere")));
    }

    /// <summary>/var/log may be a link on a node; a link that is put there later is somebody else's.</summary>
    [Fact]
    public void Open_FolderBehindALink_IsResolvedOnceOnly()
    {
        Directory.CreateDirectory(At("disk/pod"));
        Directory.CreateDirectory(At("elsewhere"));
        Directory.CreateSymbolicLink(At("log"), At("disk"));
        var place = new LogPlace(At("log/pod/name/0.log"), At("log/pod"));
        place.Open().Dispose();
        Assert.True(File.Exists(At("disk/pod/name/0.log")));
        Directory.Delete(At("disk/pod"), recursive: true);
        Directory.CreateSymbolicLink(At("disk/pod"), At("elsewhere"));
        Assert.Equal(Errno.ELOOP, Assert.Throws<LinuxException>(place.Open).Errno);
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("elsewhere")));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/logs-other/0.log")]
    public void New_PathOutsideTheFolder_IsRefused(string path) =>
        Assert.Equal(RuntimeErrorKind.InvalidArgument, Assert.Throws<RuntimeException>(() => new LogPlace(_folder + path, At("logs"))).Error.Kind);

    private string At(string path) => Path.Combine(_folder, path);
}
