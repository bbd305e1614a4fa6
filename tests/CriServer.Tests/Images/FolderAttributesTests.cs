using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Images;

/// <summary>Layers through the whole image service, and what a container then sees.</summary>
public sealed class FolderAttributesTests : IAsyncLifetime, IAsyncDisposable
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

    [RootFact]
    public async Task MountRootfs_ImpliedFolder_LooksAsInTheLowerLayer()
    {
        await SeesAsync(
            "a 1777 7 1970-01-01 00:00:50; a/b 750 8 1970-01-01 00:01:00; c 755 0 1970-01-01 00:00:00; link/. 755 0 1970-01-01 00:16:40",
            "stat -c '%n %a %u %y' a a/b c link/. | sed 's/\\.000000000 +0000//; s/.\\.$//' | paste -sd';' | sed 's/;/; /g'",
            new TarBuilder().Pax(("uid", "7")).Folder("a/", 0x3FF, 50).Pax(("uid", "8")).Folder("a/b/", 0x1E8, 60).File("a/b/low"),
            new TarBuilder().Folder("real/").SymbolicLink("link", "real").File("link/f"),
            new TarBuilder().File("a/b/high").File("c/f"));
    }

    [RootFact]
    public async Task MountRootfs_ImpliedFolderOverWhiteoutOrOpaque_HasNothingOfTheLowerLayer()
    {
        await SeesAsync(
            "gone 755 1; opaque/in 755 1; named 711 1",
            "for f in gone opaque/in named; do echo \"$(stat -c '%n %a' $f) $(ls $f | wc -l)\"; done | paste -sd';' | sed 's/;/; /g'",
            new TarBuilder().Folder("gone/", 0x1C0).File("gone/x").Folder("opaque/").Folder("opaque/in/", 0x1C0).File("opaque/in/x").Folder("named/", 0x1C0),
            new TarBuilder().File(".wh.gone").File("opaque/.wh..wh..opq").File("named/f").Folder("named/", 0x1C9),
            new TarBuilder().File("gone/f").File("opaque/in/f"));
    }

    [RootFact]
    public async Task MountRootfs_OpaqueRoot_HidesAllLowerLayers()
    {
        await SeesAsync("new", "ls | paste -sd' '", new TarBuilder().File("old"), new TarBuilder().File(".wh..wh..opq").File("new"));
    }

    [RootFact]
    public async Task MountRootfs_SharedLayer_LooksAsEachImageSays()
    {
        var shared = new TarBuilder().File("a/f");
        await SeesAsync("700", "stat -c %a a", new TarBuilder().Folder("a/", 0x1C0), shared);
        await SeesAsync("711", "stat -c %a a", new TarBuilder().Folder("a/", 0x1C9), shared);
    }

    private async Task SeesAsync(string expected, string command, params TarBuilder[] layers)
    {
        var name = Guid.NewGuid().ToString("N");
        _registry.Push(name, "v1", [.. layers.Select(layer => layer.Build())]);
        await _stack.PullAsync($"{_registry.Host}/{name}:v1");
        var image = _stack.Services.Store.Find($"{_registry.Host}/{name}:v1")!;
        _stack.Services.Snapshots.Prepare(name, image);
        try
        {
            using var mount = _stack.Services.Snapshots.MountRootfs(name);
            Assert.Equal(expected, ShellIn(mount, command));
        }
        finally
        {
            _stack.Services.Snapshots.Remove(name);
        }
    }

    private static string ShellIn(Microsoft.Win32.SafeHandles.SafeFileHandle folder, string command)
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", command])
        {
            WorkingDirectory = $"/proc/{Environment.ProcessId}/fd/{folder.DangerousGetHandle()}",
            RedirectStandardOutput = true,
            Environment = { ["TZ"] = "UTC" },
        })!;
        return shell.StandardOutput.ReadToEnd().Trim();
    }
}
