namespace CriShim.CriServer.State;

/// <summary>Times as the CRI has them.</summary>
internal static class Clock
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Unix time in ns.</summary>
    public static long UnixNanoseconds(this TimeProvider time) => (time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks) * NanosecondsPerTick;
}
