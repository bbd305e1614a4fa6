using System.Globalization;

namespace CriShim.TestKit;

/// <summary>
/// How long tests wait for what must come: bounds on what hangs, which nothing is measured by. Where CRISHIM_TIME_SCALE says that the machine
/// is slow (an emulated one), that many times as long.
/// </summary>
public static class Patience
{
    private static readonly double s_scale =
        double.TryParse(Environment.GetEnvironmentVariable("CRISHIM_TIME_SCALE"), CultureInfo.InvariantCulture, out var scale) ? scale : 1;

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds * s_scale);
}
