using CriShim.CriServer.Specs;
using CriShim.Linux;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Security;

/// <summary>Adds to the facts of the host what its security modules give; once at start.</summary>
internal static class HostSecurityReader
{
    /// <param name="profile">The default AppArmor profile's name.</param>
    public static HostFacts AddTo(HostFacts host, string profile, ILogger log)
    {
        var modules = new SecurityModules();
        var appArmor = new AppArmorDefault(modules).Prepare(profile);
        var selinux = new SelinuxPolicy(modules).Read();
        if (appArmor.DefaultProfile is { } loaded)
        {
            SecurityLog.DefaultProfile(log, loaded);
        }
        else if (appArmor.Enabled)
        {
            SecurityLog.NoDefaultProfile(log, appArmor.Problem);
        }

        if (selinux is not null)
        {
            SecurityLog.Selinux(log, selinux.Process.ToString(), selinux.File.ToString());
        }

        return host with { AppArmor = appArmor, Selinux = selinux };
    }
}
