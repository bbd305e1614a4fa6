using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>
/// A test that needs a criu which goes with this kernel; skipped, with criu's own words, where `criu check` says that there is none. What fails
/// although the check is content is a failure.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CriuFactAttribute : FactAttribute
{
    private static readonly string? s_reason = FindReason() ?? FindSocketsGone();

    /// <param name="feature">A name of `criu check --feature` without which the test is skipped too.</param>
    /// <param name="minimum">An older criu is known to fail at this on newer kernels, and its check does not tell.</param>
    public CriuFactAttribute(string? feature = null, string? minimum = null) =>
        Skip = s_reason ?? (feature is null ? null : FindReason("--feature", feature)) ?? (minimum is null ? null : FindAge(Version.Parse(minimum)));

    /// <summary>
    /// Linux 7.1 has no UDP-Lite sockets any more, without which a dump by criu up to 4.2 fails, with no word of it
    /// (github.com/checkpoint-restore/criu/pull/3003).
    /// </summary>
    private static string? FindSocketsGone() =>
        File.Exists("/proc/net/udplite") || !File.Exists("/proc/net/udp") || FindAge(new Version(4, 3)) is not { } age
            ? null
            : "this kernel has no UDP-Lite sockets: " + age;

    private static string? FindAge(Version minimum)
    {
        // "Version: 4.1.1", perhaps with more lines
        var said = Command.Run(Command.Find("criu")!, "--version").Output.Split('\n')[0];
        return Version.TryParse(said.Split(' ')[^1], out var version) && version >= minimum ? null : $"criu {said}; this needs {minimum}";
    }

    private static string? FindReason(params string[] arguments)
    {
        if (Command.Find("criu") is not { } criu)
        {
            return "criu is not installed";
        }

        var check = Command.Run(criu, ["check", .. arguments]);
        if (check.ExitCode == 0)
        {
            return null;
        }

        var said = check.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var reason = said.FirstOrDefault(line => line.Contains("Error (", StringComparison.Ordinal)) ?? said.FirstOrDefault() ?? $"exit code {check.ExitCode}";
        return $"criu check {string.Join(' ', arguments)}: {reason}";
    }
}
