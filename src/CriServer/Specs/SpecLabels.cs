using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using ProfileType = CriShim.Cri.V1.SecurityProfile.Types.ProfileType;

namespace CriShim.CriServer.Specs;

/// <summary>
/// What confines a container beside namespaces: an AppArmor profile, SELinux contexts. Asked for and not there is an error; asked for
/// nothing is the host's default, or none for a privileged container.
/// </summary>
internal static class SpecLabels
{
    private const string AppArmorField = "linux.security_context.apparmor";
    private const string SelinuxField = "linux.security_context.selinux_options";
    private const string LocalhostPrefix = "localhost/";

    /// <summary>Null: the profile of the server itself, as a rule none.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static string? AppArmorProfile(ContainerSpecInputs inputs)
    {
        var facts = inputs.Host.AppArmor;
        if (AskedProfile(inputs.SecurityContext) is not { } asked)
        {
            return inputs.Privileged ? null : facts.DefaultProfile;
        }

        return asked.ProfileType switch
        {
            ProfileType.Unconfined => null,
            ProfileType.RuntimeDefault => facts.DefaultProfile ?? throw CriException.InvalidArgument($"{AppArmorField}: no default profile: {facts.Problem}"),
            _ => Localhost(asked.LocalhostRef, inputs),
        };
    }

    /// <summary>The process's; null without SELinux, and for a privileged container, which the policy then treats as it does the server's children.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static string? ProcessLabel(ContainerSpecInputs inputs)
    {
        SelinuxLabel.Check(inputs.SecurityContext?.SelinuxOptions, inputs.Host.Selinux is not null, SelinuxField);
        return inputs.Privileged || inputs.Host.Selinux is not { } defaults
            ? null
            : defaults.Process.WithLevel(inputs.Sandbox.SelinuxLevel).With(OptionsOf(inputs)).ToString();
    }

    /// <summary>Of the container's files; null without SELinux.</summary>
    /// <param name="sandboxLevel">Level of the pod, where it has one.</param>
    public static string? MountLabel(HostFacts host, string? sandboxLevel, SELinuxOption? options) =>
        host.Selinux?.File.WithLevel(sandboxLevel).WithLevel(options?.Level).ToString();

    private static SELinuxOption? OptionsOf(ContainerSpecInputs inputs) =>
        inputs.SecurityContext?.SelinuxOptions ?? inputs.Sandbox.Config.Linux?.SecurityContext?.SelinuxOptions;

    /// <summary>The profile field, or what the deprecated string means.</summary>
    private static SecurityProfile? AskedProfile(LinuxContainerSecurityContext? context)
    {
#pragma warning disable CS0612 // older clients send only the deprecated field
        var text = context?.ApparmorProfile ?? "";
#pragma warning restore CS0612
        return context?.Apparmor ?? text switch
        {
            "" => null,
            "unconfined" => new SecurityProfile { ProfileType = ProfileType.Unconfined },
            "runtime/default" => new SecurityProfile { ProfileType = ProfileType.RuntimeDefault },
            _ => new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = text },
        };
    }

    private static string Localhost(string reference, ContainerSpecInputs inputs)
    {
        var name = reference.StartsWith(LocalhostPrefix, StringComparison.Ordinal) ? reference[LocalhostPrefix.Length..] : reference;
        TextRules.RequireText(name, $"{AppArmorField}.localhost_ref");
        TextRules.RefuseControlCharacters(name, $"{AppArmorField}.localhost_ref");
        if (!inputs.Host.AppArmor.Enabled)
        {
            throw CriException.InvalidArgument($"{AppArmorField}: {AppArmorFacts.Absent.Problem}");
        }

        return inputs.HostFiles.IsAppArmorProfileLoaded(name) != false
            ? name
            : throw CriException.InvalidArgument($"{AppArmorField}.localhost_ref: profile \"{TextRules.Printable(name)}\" is not loaded");
    }
}
