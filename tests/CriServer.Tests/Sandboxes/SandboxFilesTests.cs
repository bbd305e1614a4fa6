using CriShim.Cri.V1;
using CriShim.CriServer.Sandboxes;

namespace CriShim.CriServer.Tests.Sandboxes;

public sealed class SandboxFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void ResolvConf_Asked_IsWritten() => Assert.Equal(
        "search google.com\nnameserver 10.10.10.10\noptions ndots:8\n",
        SandboxFileText.ResolvConf(new DNSConfig { Servers = { "10.10.10.10" }, Searches = { "google.com" }, Options = { "ndots:8" } }, "host"));

    [Fact]
    public void ResolvConf_NothingAsked_IsTheHosts() => Assert.Equal("host", SandboxFileText.ResolvConf(new DNSConfig(), "host"));

    [Fact]
    public void ResolvConf_Null_IsTheHosts() => Assert.Equal("host", SandboxFileText.ResolvConf(null, "host"));

    [Fact]
    public void Hosts_TwoAddresses_NamesThePodAtBoth()
    {
        var text = SandboxFileText.Hosts("web-0", ["10.0.0.2", "fd00::2"]);
        Assert.StartsWith("127.0.0.1\tlocalhost\n", text, StringComparison.Ordinal);
        Assert.EndsWith("10.0.0.2\tweb-0\nfd00::2\tweb-0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Folder_HoldsAllThreeReadableByAll()
    {
        var files = new SandboxFiles(_folder);
        files.Write("h", "name", "r");
        Assert.Equal(("h", "name\n", "r"), (File.ReadAllText(files.Hosts), File.ReadAllText(files.Hostname), File.ReadAllText(files.ResolvConf)));
        Assert.All(Directory.GetFiles(_folder), file => Assert.True(File.GetUnixFileMode(file).HasFlag(UnixFileMode.OtherRead)));
    }
}
