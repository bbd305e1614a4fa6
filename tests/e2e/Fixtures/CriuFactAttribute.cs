using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>A test that needs a criu which goes with this kernel; skipped, with criu's own words, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CriuFactAttribute : FactAttribute
{
    private static readonly string? s_reason = FindReason();

    public CriuFactAttribute() => Skip = s_reason;

    private static string? FindReason()
    {
        if (Command.Find("criu") is not { } criu)
        {
            return "criu is not installed";
        }

        var check = Command.Run(criu, "check");
        return check.ExitCode == 0 ? null : "criu check: " + check.Error.Split('\n')[0];
    }
}
