using CriShim.CriServer.Tests.Fakes;
using CriShim.Linux;

namespace CriShim.CriServer.Tests.Images;

public sealed class FolderTreeTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Remove_LinkToOutside_LeavesTheOutside()
    {
        _folder.Write("outside/f", "x");
        Directory.CreateDirectory(_folder["tree"]);
        Directory.CreateSymbolicLink(_folder["tree/link"], _folder["outside"]);
        FolderTree.Remove(_folder["tree"]);
        Assert.False(Directory.Exists(_folder["tree"]));
        Assert.True(File.Exists(_folder["outside/f"]));
    }

    [Fact]
    public void Remove_VeryDeepFolders_AreGone()
    {
        // Deeper than a path can name, as a container can make it.
        var path = _folder["tree"];
        Directory.CreateDirectory(path);
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "/usr/bin/env", ["python3", "-c", "import os\nfor i in range(3000):\n os.mkdir('d')\n open('f','w').close()\n os.chdir('d')"])
        { WorkingDirectory = path })!;
        shell.WaitForExit();
        FolderTree.Remove(path);
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public void Remove_NamesThatAreNotUtf8_AreGone()
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "/usr/bin/env", ["python3", "-c", "import os\nos.makedirs(b'tree/\\xff\\xfe')\nopen(b'tree/\\xff\\xfe/\\x80','w').close()"])
        { WorkingDirectory = _folder.FullPath })!;
        shell.WaitForExit();
        FolderTree.Remove(_folder["tree"]);
        Assert.False(Directory.Exists(_folder["tree"]));
    }

    [Fact]
    public void Remove_NothingThere_IsFine() => FolderTree.Remove(_folder["none"]);
}
