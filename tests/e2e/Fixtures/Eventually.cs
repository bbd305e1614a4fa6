using System.Diagnostics;
using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>Waits, bounded, for what is true soon.</summary>
public static class Eventually
{
    private static readonly TimeSpan s_limit = Patience.Seconds(20);

    public static async Task<T> GetAsync<T>(Func<Task<T>> read, Func<T, bool> isRight)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var value = await read();
            if (isRight(value))
            {
                return value;
            }

            Assert.True(clock.Elapsed < s_limit, $"still not so after {s_limit}: {value}");
            await Task.Delay(10);
        }
    }

    public static Task TrueAsync(Func<bool> condition) => GetAsync(() => Task.FromResult(condition()), value => value);
}
