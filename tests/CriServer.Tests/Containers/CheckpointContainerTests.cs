using System.Formats.Tar;
using CriShim.Cri.V1;
using CriShim.CriServer.Containers.Dumps;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Tests.Containers;

/// <summary>Checkpoints with a runtime that only pretends.</summary>
public sealed class CheckpointContainerTests : IDisposable
{
    private const string Spec = """{"mounts":[{"type":"bind","source":"/","destination":"/host"},{"type":"proc","source":"proc","destination":"/proc"}]}""";

    private readonly ContainerWorld _world = new();

    private readonly FakeSnapshotter _snapshotter = new();

    private string Location => Path.Combine(_world.Folder.FullPath, "out", "x.tar");

    private string DumpRoot => _world.Folder["checkpoints"];

    public CheckpointContainerTests()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Location)!);
        _snapshotter.Writable = Directory.CreateDirectory(_world.Folder["writable"]).FullName;
        File.WriteAllText(Path.Combine(_snapshotter.Writable, "new"), "contents");
        _world.Runtime.Dump = async (request, whileHeld, stop) =>
        {
            Directory.CreateDirectory(request.ImagePath);
            await File.WriteAllTextAsync(Path.Combine(request.ImagePath, "pages-1.img"), "pages", stop);
            await File.WriteAllTextAsync(Path.Combine(request.WorkPath, "dump.log"), "log", stop);
            await whileHeld(stop);
        };
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Execute_RunningContainer_WritesTheArchive()
    {
        var id = AddContainer();
        await File.WriteAllTextAsync(Location, "old");

        await Make().ExecuteAsync(RequestFor(id), CancellationToken.None);

        Assert.Equal(
            ["bind.mounts", "checkpoint/", "checkpoint/pages-1.img", "config.dump", "dump.log", "rootfs-diff.tar", "spec.dump"],
            NamesIn(Location).Order(StringComparer.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Location));
        Assert.Equal([Location], Directory.EnumerateFiles(Path.GetDirectoryName(Location)!));
        Assert.Empty(Directory.EnumerateFileSystemEntries(DumpRoot));
    }

    [Fact]
    public async Task Execute_TimeIsOver_IsDeadlineExceededAndNothingIsLeft()
    {
        var id = AddContainer();
        _world.Runtime.Dump = (request, _, stop) =>
        {
            Directory.CreateDirectory(request.ImagePath);
            var waiting = Task.Delay(Timeout.Infinite, stop);
            _world.Time.Advance(TimeSpan.FromSeconds(5));
            return waiting;
        };

        await FailsAsync(CriErrorKind.DeadlineExceeded, "not done after 5 s", RequestFor(id, timeout: 5));
    }

    [Fact]
    public async Task Execute_CriuFails_IsToldAndNothingIsLeft()
    {
        var id = AddContainer();
        _world.Runtime.Dump = (_, _, _) => throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, "criu cannot work on this machine: why");

        await FailsAsync(CriErrorKind.FailedPrecondition, "criu cannot work on this machine: why", RequestFor(id));
    }

    [Fact]
    public async Task Execute_CriuMissing_FailsByPrecondition() =>
        await FailsAsync(CriErrorKind.FailedPrecondition, "criu is not installed", RequestFor(AddContainer()), "/nosuch/criu");

    [Fact]
    public async Task Execute_NotRunning_FailsByPrecondition()
    {
        var (container, _) = _world.Add('1', started: false);

        await FailsAsync(CriErrorKind.FailedPrecondition, "it is not running", RequestFor(container.Id));
    }

    [Fact]
    public async Task Execute_Unknown_IsNotFound() => await FailsAsync(CriErrorKind.NotFound, "not found", RequestFor(new string('9', 64)));

    [Theory]
    [InlineData("")]
    [InlineData("x.tar")]
    [InlineData("/")]
    [InlineData("/tmp/")]
    [InlineData("/tmp")]
    [InlineData("/nosuch/x.tar")]
    [InlineData("/tmp/../x.tar")]
    [InlineData("/tmp/x\n.tar")]
    public void CheckLocation_CannotBe_NamesTheField(string location)
    {
        var failure = Assert.Throws<CriException>(() => DumpLocation.Check(location));
        Assert.Equal(CriErrorKind.InvalidArgument, failure.Kind);
        Assert.Contains("location", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckLocation_SymbolicLink_IsRefused()
    {
        File.CreateSymbolicLink(Location, "/nosuch");

        Assert.Contains("not a regular file", Assert.Throws<CriException>(() => DumpLocation.Check(Location)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LeftoversOfAnEarlierServer_AreGone()
    {
        Directory.CreateDirectory(Path.Combine(DumpRoot, "1"));

        _ = new DumpFolders(DumpRoot);

        Assert.False(Directory.Exists(DumpRoot));
    }

    [Fact]
    public void PackRoot_UserNamespace_HasTheContainersOwners()
    {
        var path = _world.Folder["diff.tar"];
        var own = (Linux.OwnProcess.EffectiveUser, Linux.OwnProcess.EffectiveGroup);

        RootDiff.Pack(_snapshotter.Writable!, path, own, CancellationToken.None);

        using var tar = new TarReader(File.OpenRead(path));
        while (tar.GetNextEntry() is { } entry)
        {
            Assert.Equal((0, 0), (entry.Uid, entry.Gid));
        }
    }

    [Fact]
    public void PackRoot_Stopped_Ends()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => RootDiff.Pack(_snapshotter.Writable!, _world.Folder["diff.tar"], null, stop.Token));
    }

    private static List<string> NamesIn(string path)
    {
        using var tar = new TarReader(File.OpenRead(path));
        var names = new List<string>();
        while (tar.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }

        return names;
    }

    private async Task FailsAsync(CriErrorKind kind, string text, CheckpointContainerRequest request, string criu = "/bin/sh")
    {
        var failure = await Assert.ThrowsAsync<CriException>(() => Make(criu).ExecuteAsync(request, CancellationToken.None));
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Location)!));
        Assert.True(!Directory.Exists(DumpRoot) || !Directory.EnumerateFileSystemEntries(DumpRoot).Any());
    }

    private CheckpointContainer Make(string criu = "/bin/sh") => new(
        _world.Containers, new SandboxStore(_ => { }), _world.Runtime, _snapshotter, _world.Layout, new DumpFolders(DumpRoot), new CriuProgram(criu), _world.Time);

    private CheckpointContainerRequest RequestFor(string id, long timeout = 0) => new() { ContainerId = id, Location = Location, Timeout = timeout };

    private string AddContainer()
    {
        var (container, _) = _world.Add('1');
        Directory.CreateDirectory(_world.Layout.ContainerFolder(container.Id));
        File.WriteAllText(_world.Layout.ContainerSpec(container.Id), Spec);
        return container.Id;
    }
}
