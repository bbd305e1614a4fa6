using CriShim.TestKit;

namespace CriShim.E2e.Cgroups;

/// <summary>
/// Tests of a controller through the published runtime: what is set is what the kernel enforces. Nothing may be left of their containers.
/// </summary>
public abstract class ControlledTests : IAsyncLifetime
{
    private readonly LeakCheck _leaks = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _leaks.AssertCleanAsync();

    /// <summary>How much more of something two containers have used after a second.</summary>
    private protected static async Task<(long First, long Second)> MeasureAsync(Func<long> first, Func<long> second)
    {
        var before = (first(), second());
        await Task.Delay(TimeSpan.FromSeconds(1)); // a measurement's time
        return (first() - before.Item1, second() - before.Item2);
    }
}
