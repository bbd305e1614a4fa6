using System.Text.Json.Nodes;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>The commands for people, as the published program has them.</summary>
public sealed class ImageCommandTests(CommandFixture fixture) : IClassFixture<CommandFixture>
{
    [Fact]
    public async Task Pull_List_Inspect_Remove()
    {
        var name = $"{fixture.Servers.Registry.Host}/test/commands:1";
        await ImageBuilder.Busybox().With("User", "7").PushAsync(fixture.Servers.Registry.Host, "test/commands", "1");

        var pulled = fixture.Image("pull", name);
        Assert.Equal(0, pulled.ExitCode);
        var id = pulled.Output.Trim();
        Assert.StartsWith("sha256:", id, StringComparison.Ordinal);
        Assert.Contains("already there", pulled.Error, StringComparison.Ordinal); // the layer of the other image
        Assert.Equal("", fixture.Image("pull", "--quiet", name).Error);

        var row = fixture.ImageOutput("ls", name).Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([name[..^2], "1", id[7..20]], row[..3]);
        Assert.Equal(id, fixture.ImageOutput("ls", "-q", "--no-trunc", name).Trim());
        Assert.Contains(
            JsonNode.Parse(fixture.ImageOutput("ls", "--json"))!["images"]!.AsArray(), image => (string?)image!["id"] == id && (string?)image["uid"]!["value"] == "7");
        Assert.Equal(id, (string?)JsonNode.Parse(fixture.ImageOutput("inspect", name))!["status"]!["id"]);

        Assert.Contains($"removed {name}\n", fixture.ImageOutput("rm", name), StringComparison.Ordinal);
        Assert.Equal($"crishim: image \"{name}\" not found\n", fixture.ImageError("rm", name));
        Assert.Equal("", fixture.ImageOutput("rm", "-f", name));
    }

    [Fact]
    public void Pull_NotThere_TellsEveryHost()
    {
        var name = $"{fixture.Servers.Registry.Host}/test/none:1";
        Assert.Contains($"http://{fixture.Servers.Registry.Host}: 404 not found", fixture.ImageError("pull", "-q", name), StringComparison.Ordinal);
    }

    [Fact]
    public void Why_TellsThePlan()
    {
        var text = fixture.ImageOutput("why", fixture.Servers.Image);
        Assert.Contains($"host 1       http://{fixture.Servers.Registry.Host}/v2\n", text, StringComparison.Ordinal);
        Assert.Contains("on this node sha256:", text, StringComparison.Ordinal);
        Assert.Contains("policy       none: every image is accepted", text, StringComparison.Ordinal);
    }
}
