using CriShim.Api.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Images.Archives;

/// <summary>What one server exports another one imports, with the same files.</summary>
public sealed class ArchiveRoundTripTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly ImageStack _stack = new();
    private readonly ImageStack _other = new();

    private string Image => $"{_registry.Host}/app:v1";

    public async Task InitializeAsync()
    {
        var first = new TarBuilder().Folder("d/", 0x1C0, 7).File("d/f", "one", 0x9ED, 8).HardLink("g", "d/f").SymbolicLink("s", "d/f").Build();
        _registry.Push("app", "v1", """{"User":"7","Labels":{"x":"y"}}""", first, new TarBuilder().File("h", new string('z', 300_000)).Build());
        await _stack.PullAsync(Image);
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _other.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Theory]
    [InlineData(ArchiveFormat.Oci, false, false)]
    [InlineData(ArchiveFormat.Oci, true, false)]
    [InlineData(ArchiveFormat.Oci, false, true)]
    [InlineData(ArchiveFormat.Docker, false, false)]
    public async Task Export_ThenImport_SameFilesAndConfig(ArchiveFormat format, bool folder, bool uncompressed)
    {
        var exported = await ExportAsync(_stack, "archive", format, folder, uncompressed);
        var imported = await ImportAsync(_other, exported.Path);
        Assert.Equal([Image], imported.Names);
        Assert.Equal(exported.Event.ExportedId, imported.ImageId);
        var image = _other.Services.Store.Find(Image)!;
        Assert.Equal("y", image.Config.Config!.Labels!["x"]);
        Assert.Equal(7, image.User.Uid);
        var (lower, upper) = (_other.Services.Layers.ContentsOf(image.DiffIds[0]), _other.Services.Layers.ContentsOf(image.DiffIds[1]));
        Assert.Equal("one", File.ReadAllText(Path.Combine(lower, "g")));
        Assert.Equal((UnixFileMode)0x9ED, File.GetUnixFileMode(Path.Combine(lower, "d/f")));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(7), Directory.GetLastWriteTimeUtc(Path.Combine(lower, "d")));
        Assert.Equal("d/f", new FileInfo(Path.Combine(lower, "s")).LinkTarget);
        Assert.Equal(300_000, new FileInfo(Path.Combine(upper, "h")).Length);

        var again = await ExportAsync(_other, "again", format, folder, uncompressed);
        Assert.Equal(imported.ImageId, again.Event.ExportedId); // packed once, an image keeps its id
    }

    [Fact]
    public async Task Import_DockerArchive_HasNoDigestOfARegistry()
    {
        var exported = await ExportAsync(_stack, "archive", ArchiveFormat.Docker);
        await ImportAsync(_other, exported.Path);
        Assert.Empty(_other.Status(Image)!.RepoDigests);
    }

    [Fact]
    public async Task Import_Compressed_IsUnpackedFirst()
    {
        var exported = await ExportAsync(_stack, "archive", ArchiveFormat.Oci);
        var path = _other.Folder["archive.tar.gz"];
        await File.WriteAllBytesAsync(path, FakeRegistry.Gzip(await File.ReadAllBytesAsync(exported.Path)));
        Assert.Equal([$"h.io/other:v1"], (await ImportAsync(_other, path, "h.io/other")).Names);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_other.Root, "layers")));
    }

    [Fact]
    public async Task Export_ToWhatIsThere_LeavesItAlone()
    {
        var path = _stack.Folder.Write("archive", "mine");
        var e = await Assert.ThrowsAsync<CriException>(() => ExportAsync(_stack, "archive", ArchiveFormat.Oci));
        Assert.Equal($"failed to export to \"{path}\": it exists", e.Message);
        Assert.Equal("mine", await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task Export_ThatFails_LeavesNothing()
    {
        var path = _stack.Folder["archive"];
        var request = new ExportRequest { Path = path, References = { Image } };
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _stack.Services.Export.ExecuteAsync(request, _ => Task.CompletedTask, cancelled.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_stack.Folder.FullPath, "archive*"));
        await Assert.ThrowsAsync<CriException>(() => _stack.Services.Export.ExecuteAsync(
            new ExportRequest { Path = path, References = { "none" } }, _ => Task.CompletedTask, CancellationToken.None));
    }

    private async Task<(string Path, ExportEvent Event)> ExportAsync(
        ImageStack stack, string name, ArchiveFormat format, bool folder = false, bool uncompressed = false)
    {
        var request = new ExportRequest { Path = stack.Folder[name], Format = format, Folder = folder, Uncompressed = uncompressed, References = { Image } };
        var events = new List<ExportEvent>();
        await stack.Services.Export.ExecuteAsync(request, Collect(events), CancellationToken.None);
        return (request.Path, Assert.Single(events));
    }

    private static async Task<ImportEvent> ImportAsync(ImageStack stack, string path, string name = "")
    {
        var events = new List<ImportEvent>();
        await stack.Services.Import.ExecuteAsync(new ImportRequest { Path = path, Name = name }, Collect(events), CancellationToken.None);
        return Assert.Single(events);
    }

    private static Func<T, Task> Collect<T>(List<T> events) => message =>
    {
        events.Add(message);
        return Task.CompletedTask;
    };
}
