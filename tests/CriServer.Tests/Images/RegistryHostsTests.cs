using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Registry;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Images;

public sealed class RegistryHostsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gcr.io", "https://gcr.io/v2")]
    [InlineData("docker.io", "https://registry-1.docker.io/v2")]
    [InlineData("127.0.0.1:5000", "http://127.0.0.1:5000/v2", "https://127.0.0.1:5000/v2")]
    [InlineData("localhost", "http://localhost/v2", "https://localhost/v2")]
    [InlineData("[::1]:5", "http://[::1]:5/v2", "https://[::1]:5/v2")]
    public void Resolve_NoFile_IsTheHostItself(string host, params string[] expected) =>
        Assert.Equal(expected, Resolve(host).Select(e => e.BaseAddress));

    [Fact]
    public void Resolve_File_MirrorsInOrderThenServer()
    {
        _folder.Write("gcr.io/hosts.toml", """
            server = "https://gcr.io"
            [host."http://127.0.0.1:5000"]
              capabilities = ["pull", "resolve"]
            [host."https://cache.example/gcr"]
              capabilities = ["pull"]
              skip_verify = true
              override_path = true
              ca = "my.pem"
            """);
        var hosts = Resolve("gcr.io");
        Assert.Equal(["http://127.0.0.1:5000/v2", "https://cache.example/gcr", "https://gcr.io/v2"], hosts.Select(h => h.BaseAddress));
        Assert.Equal([false, false, true], hosts.Select(h => h.IsOrigin));
        Assert.Equal([true, false, true], hosts.Select(h => h.CanResolve));
        Assert.True(hosts[1].Tls.SkipVerify);
        Assert.Equal(_folder["gcr.io/my.pem"], hosts[1].Tls.CaFiles);
        Assert.Equal("gcr.io", hosts[0].MirroredHost);
        Assert.Null(hosts[2].MirroredHost);
    }

    [Theory]
    [InlineData("r.io_5000_")]
    [InlineData("r.io:5000")]
    [InlineData("_default")]
    public void Resolve_FolderNames_AreContainerds(string name)
    {
        _folder.Write($"{name}/hosts.toml", "[host.\"https://m.io\"]\n");
        Assert.Equal(["https://m.io/v2", "https://r.io:5000/v2"], Resolve("r.io:5000").Select(e => e.BaseAddress));
    }

    [Theory]
    [InlineData("[host.\"https://m\"]\nrewrite = 1", "rewrite")]
    [InlineData("[host.\"ftp://m\"]", "invalid host")]
    [InlineData("[host.\"https://m\"]\nskip_verify = \"yes\"", "true or false")]
    [InlineData("server = 3", "a string")]
    [InlineData("client = [[\"a\"]]", "pairs of files")]
    [InlineData("capabilities = [\"fly\"]", "unknown capability")]
    [InlineData("dial_timeout = \"5\"", "invalid duration")]
    [InlineData("server = ", "line 1")]
    public void Resolve_WrongFile_NamesFileAndProblem(string text, string problem)
    {
        var path = _folder.Write("r.io/hosts.toml", text);
        var error = Assert.Throws<CriException>(() => Resolve("r.io"));
        Assert.Equal(CriErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains(path, error.Message);
        Assert.Contains(problem, error.Message);
    }

    [Theory]
    [InlineData("client = \"both.pem\"", "both.pem", "both.pem")]
    [InlineData("client = [\"a.pem\", \"b.pem\"]", "a.pem", "a.pem", "b.pem", "b.pem")]
    [InlineData("client = [[\"a.cert\", \"a.key\"], [\"b.pem\", \"\"]]", "a.cert", "a.key", "b.pem", "b.pem")]
    public void Resolve_ClientCertificates_InAllForms(string setting, params string[] expected)
    {
        _folder.Write("r.io/hosts.toml", setting);
        var pairs = Assert.Single(Resolve("r.io")).Tls.ClientPairs;
        Assert.Equal(expected.Select(f => _folder[$"r.io/{f}"]), pairs.SelectMany(p => new[] { p.Certificate, p.Key }));
    }

    [Fact]
    public void Resolve_HeadersListsAndTimeouts_AreRead()
    {
        _folder.Write("r.io/hosts.toml", """
            ca = ["a.crt", "/etc/b.crt"]
            dial_timeout = "1.5s"
            [header]
            x-one = "1"
            x-two = ["2", "3"]
            [host."https://m.io/"]
            dial_timeout = "1m2s"
            capabilities = ["Pull", "push"]
            [host."https://m.io/".header]
            y = "4"
            """);
        var hosts = Resolve("r.io");
        Assert.Equal([_folder["r.io/a.crt"], "/etc/b.crt"], hosts[1].Tls.CaPaths);
        Assert.Equal(TimeSpan.FromSeconds(1.5), hosts[1].Tls.ConnectTimeout);
        Assert.Equal(TimeSpan.FromSeconds(62), hosts[0].Tls.ConnectTimeout);
        Assert.Equal(["x-one: 1", "x-two: 2", "x-two: 3"], hosts[1].Headers.Select(h => $"{h.Key}: {h.Value}"));
        Assert.Equal(["y: 4"], hosts[0].Headers.Select(h => $"{h.Key}: {h.Value}"));
        Assert.Equal((true, false), (hosts[0].CanPull, hosts[0].CanResolve));
    }

    [Fact]
    public void Resolve_FolderWithoutFile_HasDockersCertificates()
    {
        _folder.Write("127.0.0.1:5000/one.crt", "");
        _folder.Write("127.0.0.1:5000/two.crt", "");
        _folder.Write("127.0.0.1:5000/me.cert", "");
        _folder.Write("127.0.0.1:5000/me.key", "");
        _folder.Write("127.0.0.1:5000/you.cert", "");
        var host = Assert.Single(Resolve("127.0.0.1:5000"));
        Assert.Equal("https://127.0.0.1:5000/v2", host.BaseAddress);
        Assert.Equal(["one.crt", "two.crt"], host.Tls.CaPaths.Select(Path.GetFileName));
        Assert.Equal([("me.cert", "me.key"), ("you.cert", "you.cert")], host.Tls.ClientPairs.Select(p => (Path.GetFileName(p.Certificate), Path.GetFileName(p.Key))));
    }

    [Fact]
    public void Plan_SaysWhereItIsFrom()
    {
        var path = _folder.Write("r.io/hosts.toml", "server = \"https://other.io\"");
        var hosts = new RegistryHosts(new ImageOptions { RegistryConfigFolders = [_folder.FullPath] });
        Assert.Equal(path, hosts.Plan("r.io").Source);
        Assert.Null(hosts.Plan("q.io").Source);
    }

    private IReadOnlyList<RegistryEndpoint> Resolve(string host) =>
        new RegistryHosts(new ImageOptions { RegistryConfigFolders = [_folder.FullPath] }).Plan(host).Endpoints;
}
