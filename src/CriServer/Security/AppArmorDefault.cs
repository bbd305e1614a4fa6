using System.Text;
using CriShim.CriServer.Programs;
using CriShim.CriServer.Specs;
using CriShim.Linux;

namespace CriShim.CriServer.Security;

/// <summary>Sees to the default AppArmor profile when the server starts: ours is loaded, any other must be there.</summary>
/// <param name="parser">apparmor_parser(8).</param>
/// <param name="ownLabelFile">What this process is confined by: attr/current of proc(5).</param>
internal sealed class AppArmorDefault(
    SecurityModules modules, string parser = "/sbin/apparmor_parser", string ownLabelFile = "/proc/self/attr/current")
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    /// <param name="profile">Name of the default profile; empty: there is to be none.</param>
    public AppArmorFacts Prepare(string profile)
    {
        if (!modules.HasAppArmor)
        {
            return AppArmorFacts.Absent;
        }

        var problem = profile.Length == 0 ? "containers.appArmorProfile is empty"
            : profile == AppArmorProfileText.Name ? Load()
            : modules.IsProfileLoaded(profile) == false ? $"profile \"{profile}\" of containers.appArmorProfile is not loaded"
            : "";

        // What an earlier server loaded is as good.
        var usable = problem.Length == 0 || (profile.Length > 0 && modules.IsProfileLoaded(profile) == true);
        return usable ? new AppArmorFacts(true, profile, "") : new AppArmorFacts(true, null, problem);
    }

    /// <returns>What went wrong; empty: nothing.</returns>
    private string Load()
    {
        if (!File.Exists(parser))
        {
            return $"{parser} is not installed, profile \"{AppArmorProfileText.Name}\" cannot be loaded";
        }

        try
        {
            return Run(Encoding.ASCII.GetBytes(AppArmorProfileText.Build(OwnLabel())));
        }
        catch (LinuxException e)
        {
            return $"failed to run {parser}: {e.Message}";
        }
    }

    /// <summary>Replaces the profile of the same name (--replace), without the parser's cache on disk.</summary>
    private string Run(byte[] profile)
    {
        var result = RunningProgram.RunToEnd(parser, ["--replace", "--skip-cache", "--quiet"], profile, s_limit);
        var cause = result.TimedOut ? $"it took longer than {s_limit.TotalSeconds:F0} s" : Encoding.UTF8.GetString(result.Stderr).Trim();
        return result.ExitCode == 0 ? "" : $"failed to load AppArmor profile \"{AppArmorProfileText.Name}\": {cause}";
    }

    /// <summary>"label (mode)", or "unconfined".</summary>
    private string OwnLabel()
    {
        var text = File.Exists(ownLabelFile) ? File.ReadAllText(ownLabelFile).TrimEnd('\n', '\0') : "unconfined";
        var mode = text.LastIndexOf(" (", StringComparison.Ordinal);
        return mode < 0 ? text : text[..mode];
    }
}
