using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>A registry with the busybox image, for classes whose tests start servers of their own.</summary>
public sealed class RegistryFixture : IAsyncLifetime
{
    private readonly LeakCheck _leaks = new();
    private RegistryProcess? _registry;

    /// <summary>Reference of the busybox image.</summary>
    public string Image => $"{_registry?.Host}/test/busybox:1";

    public async Task InitializeAsync()
    {
        _registry = await RegistryProcess.StartAsync();
        await ImageBuilder.Busybox().PushAsync(_registry.Host, "test/busybox", "1");
    }

    public async Task DisposeAsync()
    {
        _registry?.Dispose();
        await _leaks.AssertCleanAsync();
    }
}
