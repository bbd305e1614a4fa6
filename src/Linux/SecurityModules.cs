namespace CriShim.Linux;

/// <summary>Which of the kernel's mandatory access controls are on, and what AppArmor has loaded.</summary>
/// <param name="sys">/sys, or a folder that stands for it.</param>
public sealed class SecurityModules(string sys = "/sys")
{
    /// <summary>apparmor(7).</summary>
    public bool HasAppArmor => Read("module/apparmor/parameters/enabled").StartsWith('Y');

    /// <summary>selinux(8): its file system is mounted only where the kernel runs with it.</summary>
    public bool HasSelinux => File.Exists(Path.Combine(sys, "fs/selinux/enforce"));

    /// <summary>Whether AppArmor has a profile of this name; null where securityfs cannot be read.</summary>
    public bool? IsProfileLoaded(string name)
    {
        var path = Path.Combine(sys, "kernel/security/apparmor/profiles");
        try
        {
            // "name (mode)", and a name may have blanks.
            return File.ReadLines(path).Any(line => line.LastIndexOf(" (", StringComparison.Ordinal) == name.Length && line.StartsWith(name, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string Read(string file)
    {
        var path = Path.Combine(sys, file);
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }
}
