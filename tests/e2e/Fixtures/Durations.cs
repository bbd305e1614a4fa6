
namespace CriShim.E2e.Fixtures;

/// <summary>How much is done by tests that find more the longer they run: little unless CRISHIM_E2E_FULL=1.</summary>
public static class Durations
{
    private static readonly bool s_full = Environment.GetEnvironmentVariable("CRISHIM_E2E_FULL") == "1";

    /// <summary>Streamed execs, 20 at a time.</summary>
    public static int Execs => s_full ? 1000 : 200;

    /// <summary>Of 200 exec probes a second.</summary>
    public static TimeSpan Probes => TimeSpan.FromSeconds(s_full ? 60 : 5);

    /// <summary>Of numbered lines that a container writes while its server is killed.</summary>
    public static int LogMegabytes => s_full ? 100 : 20;

}
