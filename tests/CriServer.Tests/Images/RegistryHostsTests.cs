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
    [InlineData("server = ", "line 1")]
    public void Resolve_WrongFile_NamesFileAndProblem(string text, string problem)
    {
        var path = _folder.Write("r.io/hosts.toml", text);
        var error = Assert.Throws<CriException>(() => Resolve("r.io"));
        Assert.Equal(CriErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains(path, error.Message);
        Assert.Contains(problem, error.Message);
    }

    private IReadOnlyList<RegistryEndpoint> Resolve(string host) =>
        new RegistryHosts(new ImageOptions { RegistryConfigFolders = [_folder.FullPath] }).Plan(host).Endpoints;
}
