using CriShim.Api.V1;
using CriShim.CriServer.Commands;
using CriShim.CriServer.Commands.Images;
using CriShim.CriServer.Commands.Progress;
using CriShim.CriServer.Images;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Commands;

public sealed class ImageCommandTests
{
    private static readonly string s_digest = "sha256:" + new string('a', 64);

    [Theory]
    [InlineData(0, "image")]
    [InlineData(0, "image", "--help")]
    [InlineData(0, "image", "pull", "--help")]
    [InlineData(2, "image", "dance")]
    [InlineData(2, "image", "ls", "--dance")]
    [InlineData(2, "image", "pull")]
    [InlineData(2, "image", "export", "--format", "odd", "a", "b")]
    [InlineData(1, "image", "ls", "--address", "unix:///none/c.sock")]
    public async Task RunAsync_Command_HasItsExitCode(int code, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(code, await CrishimCommand.RunAsync(args, output, error));
        Assert.Equal(code == 0, error.ToString().Length == 0);
    }

    [Fact]
    public async Task RunAsync_NoServer_TellsHowToStartOne()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        await CrishimCommand.RunAsync(["image", "ls", "--address", "unix:///none/c.sock"], output, error);
        Assert.Equal(
            "crishim: failed to talk to the server on \"/none/c.sock\": there is no such socket; is it running? start it with `crishim serve`, or name its socket with --address\n",
            error.ToString());
    }

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(999, "999B")]
    [InlineData(1000, "1kB")]
    [InlineData(4_421_246, "4.42MB")]
    [InlineData(999_499, "999kB")]
    [InlineData(999_500, "1MB")]
    [InlineData(1_500_000_000, "1.5GB")]
    public void HumanSize_ThreeDigits(long bytes, string expected) => Assert.Equal(expected, HumanSize.Of(bytes));

    [Fact]
    public void Table_ColumnsAsWideAsNeeded()
    {
        var table = new Table("A", "LONG");
        table.Add("value", "x");
        Assert.Equal("A       LONG\nvalue   x\n", table.ToString());
    }

    [Fact]
    public void NamesOf_RowPerTag_AndPerRepositoryWithoutOne()
    {
        var image = new Cri.V1.Image { RepoTags = { "h.io:1/a:1", "h.io:1/a:2" }, RepoDigests = { $"h.io:1/a@{s_digest}", $"h.io:1/b@{s_digest}" } };
        Assert.Equal([("h.io:1/a", "1", s_digest), ("h.io:1/a", "2", s_digest), ("h.io:1/b", "<none>", s_digest)], ListCommand.NamesOf(image));
        Assert.Equal([("<none>", "<none>", "<none>")], ListCommand.NamesOf(new Cri.V1.Image()));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("busybox", true)]
    [InlineData("busybox:1", true)]
    [InlineData("busybox:2", false)]
    [InlineData("busy", false)]
    [InlineData("aaaa", true)]
    [InlineData("BAD", false)]
    public void Matches_RepositoryNameOrId(string? wanted, bool expected) =>
        Assert.Equal(expected, ListCommand.Matches(new Cri.V1.Image { Id = s_digest, RepoTags = { "docker.io/library/busybox:1" } }, wanted));

    [Fact]
    public void Draw_Layers_WithinTheTerminal()
    {
        var progress = new PullEvent
        {
            Stage = "fetching layers",
            Layers =
            {
                new Api.V1.LayerProgress { Digest = s_digest, State = LayerState.Downloading, DoneBytes = 50, TotalBytes = 100 },
                new Api.V1.LayerProgress { Digest = s_digest, State = LayerState.Done, DoneBytes = 100, TotalBytes = 100 },
                new Api.V1.LayerProgress { Digest = s_digest, State = LayerState.Present, TotalBytes = 200 },
            },
        };
        Assert.Equal(
            [
                "aaaaaaaaaaaa  [=====>    ] 50B / 100B",
                "aaaaaaaaaaaa  done         100B",
                "aaaaaaaaaaaa  already there 200B",
                "total         [========> ] 350B / 400B",
            ],
            ProgressBoard.Draw(progress, 47, 24));
        var small = ProgressBoard.Draw(progress, 30, 4);
        Assert.Equal(3, small.Count);
        Assert.Equal("2 more layers", small[1]);
        Assert.All(small, line => Assert.True(line.Length < 30));
    }

    [Fact]
    public void Find_Credentials_OfTheLongestName()
    {
        using var folder = new TestFolder();
        var file = folder.Write("auth.json", """
            {"auths":{"h.io":{"auth":"YTpi"},"h.io/team":{"username":"u","password":"p"},"https://index.docker.io/v1/":{"auth":"eDp5","identitytoken":"t"}}}
            """);
        Assert.Equal("a", Found("h.io/x:1")!.Credentials.Username);
        Assert.Equal("u", Found("h.io/team/x:1")!.Credentials.Username);
        Assert.Equal($"{file}, for h.io/team", Found("h.io/team/x:1")!.Source);
        Assert.Equal("t", Found("busybox")!.Credentials.IdentityToken);
        Assert.Null(Found("other.io/x"));

        FoundCredentials? Found(string name) => AuthFile.Find(ImageReference.Parse(name), [folder["none"], file]);
    }
}
