using static CriShim.Linux.LibC.Sched;

namespace CriShim.Linux;

/// <summary>The CPUs that a thread may run on (sched_setaffinity(2)), as masks: bit n of the bytes is CPU n.</summary>
public static class CpuAffinity
{
    /// <summary>CONFIG_NR_CPUS is at most 8192.</summary>
    private const int MaskBytes = 1024;

    /// <summary>
    /// The calling thread's CPUs become <paramref name="mask"/> until the result is disposed: children that it makes meanwhile have them
    /// from their first instruction on. Throws <see cref="LinuxException"/> (EINVAL: none of them is there).
    /// </summary>
    public static IDisposable Enter(ReadOnlySpan<byte> mask)
    {
        var before = new byte[MaskBytes];
        Check.Result(sched_getaffinity(0, MaskBytes, before), "sched_getaffinity");
        Set(mask);
        return new Restore(before);
    }

    private static void Set(ReadOnlySpan<byte> mask) => Check.Result(sched_setaffinity(0, (nuint)mask.Length, mask), "sched_setaffinity");

    private sealed class Restore(byte[] mask) : IDisposable
    {
        public void Dispose() => Set(mask);
    }
}
