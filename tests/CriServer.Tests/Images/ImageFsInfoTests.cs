using CriShim.CriServer.Images.Snapshots;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Linux;

namespace CriShim.CriServer.Tests.Images;

public sealed class ImageFsInfoTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly ImageStack _stack = new();

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Fact]
    public void Execute_NothingPulled_AnswersWithAFolderThatIsThere()
    {
        var info = _stack.Services.FsInfo.Execute();
        var (images, containers) = (info.ImageFilesystems.Single(), info.ContainerFilesystems.Single());
        Assert.True(Directory.Exists(images.FsId.Mountpoint));
        Assert.Equal(images.FsId, containers.FsId);
        Assert.True(images.Timestamp > 0 && containers.Timestamp > 0);
        Assert.Equal(0u, images.UsedBytes.Value);
    }

    [Fact]
    public async Task Execute_PulledAndRemoved_CountsAsTheDiskDoes()
    {
        var tar = new TarBuilder().Folder("./").Folder("d/").SymbolicLink("d/link", "f").HardLink("d/hard", "d/link");
        for (var i = 0; i < 50; i++)
        {
            tar.File($"d/f{i}", new string('x', 700 * i));
        }

        _registry.Push("one", "a", tar.Build());
        _registry.Push("one", "b", tar.Build());
        await _stack.PullAsync($"{_registry.Host}/one:a");
        await _stack.PullAsync($"{_registry.Host}/one:b");
        var counted = Images();
        var there = DiskUsage.Sum(_stack.LayerFolders.Append(Path.Combine(_stack.Root, "images", "blobs", "sha256")).Select(FolderUsage.Of));
        Assert.Equal(there.Inodes - 1, counted.Inodes); // the blobs' folder
        Assert.InRange(counted.Bytes, (there.Bytes * 97 / 100) - 4096, there.Bytes * 103 / 100);

        await _stack.RestartAsync();
        Assert.Equal(counted, Images());
        _stack.Remove($"{_registry.Host}/one:a");
        Assert.Equal(default, Images());
    }

    [RootFact]
    public async Task Execute_ContainerWrites_IsCountedBehindTheCall()
    {
        _registry.Push("one", "a", new TarBuilder().File("f", "x").Build());
        await _stack.PullAsync($"{_registry.Host}/one:a");
        var snapshots = (SnapshotStore)_stack.Services.Snapshots;
        var time = new FakeTime();
        await using var writable = new WritableUsage(snapshots, time);
        snapshots.Prepare("c1", _stack.Services.Store.Find($"{_registry.Host}/one:a")!);
        Assert.Equal(default, writable.Read().Usage);
        await writable.WhenCountedAsync();
        var empty = writable.Read().Usage;
        Assert.Equal(FolderUsage.Of(Path.Combine(_stack.Root, "snapshots", "c1")), empty);

        await File.WriteAllBytesAsync(Path.Combine(snapshots.WritableFolder("c1"), "big"), new byte[1 << 20]);
        Assert.Equal(empty, writable.Read().Usage);
        await writable.WhenCountedAsync();
        Assert.Equal(empty, writable.Read().Usage); // fresh enough
        time.Advance(TimeSpan.FromSeconds(11));
        writable.Read();
        await writable.WhenCountedAsync();
        Assert.InRange(writable.Read().Usage.Bytes - empty.Bytes, 1 << 20, (1 << 20) + 8192);
        snapshots.Remove("c1");
        Assert.Equal(default, writable.Read().Usage);
    }

    private DiskUsage Images()
    {
        var usage = _stack.Services.FsInfo.Execute().ImageFilesystems.Single();
        return new DiskUsage((long)usage.UsedBytes.Value, (long)usage.InodesUsed.Value);
    }
}
