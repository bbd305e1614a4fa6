using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;

namespace CriShim.E2e.Images;

/// <summary>Something is wrong with the store's files when the server starts: it never shows a wrong image, and a pull repairs it.</summary>
public sealed class StoreDamageTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private string Images => Path.Combine(fixture.Server.Root, "images");

    [Theory]
    [InlineData("blobs cut")]
    [InlineData("blobs of other bytes")]
    [InlineData("blobs gone")]
    [InlineData("index cut")]
    [InlineData("index empty")]
    [InlineData("index gone")]
    [InlineData("READY cut")]
    [InlineData("READY gone")]
    [InlineData("READY of another layer")]
    [InlineData("layer gone")]
    [InlineData("layer without files")]
    public async Task Start_AfterDamage_ShowsNoWrongImageAndAPullRepairsIt(string damage)
    {
        var before = await StatusAsync() ?? throw new InvalidOperationException("not pulled");
        await fixture.Server.StopAsync(9);
        Damage(damage);
        await fixture.Server.RestartAfterStopAsync();
        Assert.True(await StatusAsync() is not { } shown || shown.Equals(before), $"after {damage} the image is shown wrong");

        await fixture.PullAsync(fixture.Image);
        Assert.Equal(before, await StatusAsync());
        await using (var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "cat /etc/passwd && exit 7"))
        {
            Assert.Equal(7, (await fixture.WaitForExitAsync(pod.Container)).ExitCode);
            Assert.Contains("nobody:x:65534", await File.ReadAllTextAsync(pod.LogPath()));
        }

        await Eventually.TrueAsync(() => !Directory.EnumerateFileSystemEntries(Path.Combine(fixture.Server.Root, "layers"), ".*").Any());
    }

    private void Damage(string what)
    {
        switch (what)
        {
            case "blobs cut": ForEachBlob(path => Cut(path, 1)); break;
            case "blobs of other bytes": ForEachBlob(path => File.WriteAllBytes(path, [.. File.ReadAllBytes(path).Select(b => (byte)(b ^ 1))])); break;
            case "blobs gone": ForEachBlob(File.Delete); break;
            case "index cut": Cut(Path.Combine(Images, "index.json"), 10); break;
            case "index empty": File.WriteAllText(Path.Combine(Images, "index.json"), ""); break;
            case "index gone": File.Delete(Path.Combine(Images, "index.json")); break;
            case "READY cut": ForEachLayer(layer => Cut(Path.Combine(layer, "READY"), 5)); break;
            case "READY gone": ForEachLayer(layer => File.Delete(Path.Combine(layer, "READY"))); break;
            case "READY of another layer": ForEachLayer(layer => Directory.Move(layer, layer[..^4] + "0000")); break;
            case "layer gone": ForEachLayer(layer => Directory.Delete(layer, recursive: true)); break;
            case "layer without files": ForEachLayer(layer => Directory.Delete(Path.Combine(layer, "fs"), recursive: true)); break;
            default: throw new ArgumentOutOfRangeException(nameof(what), what, null);
        }
    }

    private void ForEachBlob(Action<string> action) =>
        Directory.EnumerateFiles(Path.Combine(Images, "blobs", "sha256")).ToList().ForEach(action);

    private void ForEachLayer(Action<string> action) =>
        Directory.EnumerateDirectories(Path.Combine(fixture.Server.Root, "layers"), "sha256-*").ToList().ForEach(action);

    private static void Cut(string path, int bytes)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(file.Length - bytes);
    }

    private async Task<Image?> StatusAsync() =>
        (await fixture.Client.ImageAsync<ImageStatusResponse>(new ImageStatusRequest { Image = new ImageSpec { Image = fixture.Image } })).Image;
}
