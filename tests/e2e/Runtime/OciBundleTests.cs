using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>Tests of the OCI command line: a bundle for each, and nothing may be left of its containers.</summary>
public abstract class OciBundleTests : IAsyncLifetime
{
    private readonly LeakCheck _leaks = new();

    private protected OciBundle Bundle { get; } = new();

    /// <summary>Ends what a class of tests has started beside the container.</summary>
    private protected virtual Task EndAsync() => Task.CompletedTask;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        Bundle.Dispose();
        await EndAsync();
        await _leaks.AssertCleanAsync();
    }
}
