using CriShim.CriServer.Networking.Cni;

namespace CriShim.CriServer.Tests.Networking;

public sealed class CniConfigFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-cni-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string name, string network) =>
        File.WriteAllText(Path.Combine(_folder, name), $$"""{"cniVersion":"1.0.0","name":"{{network}}","plugins":[{"type":"a"}]}""");

    [Fact]
    public void Select_SeveralFiles_TakesTheFirstInLexicalOrder()
    {
        Write("20-b.conflist", "second");
        Write("10-a.conflist", "first");
        Write("00-ignored.txt", "ignored");

        Assert.Equal("first", new CniConfigFolder(_folder).Select().Config?.Name);
    }

    [Fact]
    public void Select_FileAppearsLater_IsSeenAtOnce()
    {
        var folder = new CniConfigFolder(_folder);
        Assert.Null(folder.Select().Config);

        Write("10-a.conflist", "first");

        Assert.Equal("first", folder.Select().Config?.Name);
    }

    [Fact]
    public void Select_BrokenFileBefore_TakesTheNextAndTells()
    {
        File.WriteAllText(Path.Combine(_folder, "05-broken.conf"), "{");
        Write("10-a.conflist", "first");

        var selection = new CniConfigFolder(_folder).Select();

        Assert.Equal("first", selection.Config?.Name);
        Assert.EndsWith("05-broken.conf", Assert.Single(selection.Errors).Key, StringComparison.Ordinal);
    }

    [Fact]
    public void Select_FolderIsMissing_HasNone() => Assert.Null(new CniConfigFolder(Path.Combine(_folder, "none")).Select().Config);

    [Fact]
    public void Select_PluginsInFolderOfTheNetwork_AreAppended()
    {
        Write("10-a.conflist", "first");
        Directory.CreateDirectory(Path.Combine(_folder, "first"));
        File.WriteAllText(Path.Combine(_folder, "first", "1.conf"), """{"type":"more","name":"x"}""");

        Assert.Equal(["a", "more"], new CniConfigFolder(_folder).Select().Config?.Plugins.Select(plugin => plugin.Type));
    }
}
