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

    /// <summary>How much of something two containers use in a second. Measured for longer where what a stalled machine adds would decide.</summary>
    private protected static async Task<(long First, long Second)> MeasureAsync(Func<long> first, Func<long> second)
    {
        var time = Patience.Seconds(1);
        var before = (first(), second());
        await Task.Delay(time); // a measurement's time
        return ((long)((first() - before.Item1) / time.TotalSeconds), (long)((second() - before.Item2) / time.TotalSeconds));
    }
}
