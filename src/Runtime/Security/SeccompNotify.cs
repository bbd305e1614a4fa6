using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Security;

/// <summary>Profiles that leave decisions to an agent (SCMP_ACT_NOTIFY, seccomp_unotify(2)).</summary>
internal static class SeccompNotify
{
    private const string Notify = "SCMP_ACT_NOTIFY";

    /// <summary>How the filter's listener leaves the process: held back, it would wait for an agent that cannot know of it.</summary>
    private const string SendingCall = "sendmsg";

    public static bool IsUsed(SeccompSpec profile) =>
        profile.DefaultAction == Notify || (profile.Syscalls?.Any(rule => rule.Action == Notify) ?? false);

    /// <summary>Why it cannot work; null: it can.</summary>
    public static string? FindProblem(SeccompSpec profile) =>
        !string.IsNullOrEmpty(profile.ListenerMetadata) && string.IsNullOrEmpty(profile.ListenerPath) ? "listenerMetadata is given without listenerPath"
        : !IsUsed(profile) ? null
        : string.IsNullOrEmpty(profile.ListenerPath) ? $"{Notify} needs listenerPath"
        : !profile.ListenerPath.StartsWith('/') ? $"listenerPath \"{profile.ListenerPath}\" is not an absolute path"
        : HoldsBackSending(profile) ? $"{Notify} cannot be used for {SendingCall}"
        : null;

    private static bool HoldsBackSending(SeccompSpec profile)
    {
        var rules = (profile.Syscalls ?? []).Where(rule => rule.Names.Contains(SendingCall)).ToList();
        return rules.Any(rule => rule.Action == Notify) || (profile.DefaultAction == Notify && rules.Count == 0);
    }
}
