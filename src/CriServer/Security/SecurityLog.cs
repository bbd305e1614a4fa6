using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Security;

/// <summary>Event ids 9000 to 9099.</summary>
internal static partial class SecurityLog
{
    [LoggerMessage(9000, LogLevel.Information, "containers are confined by AppArmor profile {Profile} unless they ask for another")]
    public static partial void DefaultProfile(ILogger log, string profile);

    [LoggerMessage(9001, LogLevel.Warning, "AppArmor is enabled, but there is no default profile for containers: {Problem}")]
    public static partial void NoDefaultProfile(ILogger log, string problem);

    [LoggerMessage(9002, LogLevel.Information, "SELinux is enabled: containers run as {Process}, their files are {File}")]
    public static partial void Selinux(ILogger log, string process, string file);
}
