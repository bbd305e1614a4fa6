using CriShim.Cri.V1;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>
/// What a container's config must be before anything is made for it, as far as that shows without the image and the host; the rest is
/// found by <see cref="ContainerSpecBuilder"/>. All failures are InvalidArgument and name the field.
/// </summary>
internal static class ContainerConfigValidator
{
    private const string Context = "linux.security_context";

    public static void Check(ContainerConfig? config)
    {
        if (config is null)
        {
            throw CriException.InvalidArgument("config is missing");
        }

        if (config.Metadata is null)
        {
            throw CriException.InvalidArgument("metadata is missing");
        }

        MetadataRules.CheckName(config.Metadata.Name, "metadata.name");
        TextRules.RequireText(config.Image?.Image ?? "", "image.image");
        MetadataRules.CheckLabels(config.Labels);
        MetadataRules.CheckAnnotations(config.Annotations);
        TextRules.RequireKnown(config.StopSignal, "stop_signal");
        CheckSecurityContext(config.Linux?.SecurityContext);
    }

    /// <summary>Absolute path of the log file; null where either part is empty, which means no log.</summary>
    public static string? LogPath(PodSandboxConfig sandbox, ContainerConfig config)
    {
        if (sandbox.LogDirectory.Length == 0 || config.LogPath.Length == 0)
        {
            return null;
        }

        TextRules.RefuseControlCharacters(config.LogPath, "log_path");
        var parts = config.LogPath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var isFile = config.LogPath[0] != '/' && config.LogPath[^1] != '/';
        return isFile && !Array.Exists(parts, part => part is ".." or ".")
            ? $"{TextRules.CleanPath(sandbox.LogDirectory)}/{string.Join('/', parts)}"
            : throw CriException.InvalidArgument($"log_path \"{TextRules.Printable(config.LogPath)}\" is not a file below log_directory");
    }

    private static void CheckSecurityContext(LinuxContainerSecurityContext? context)
    {
        if (context is null)
        {
            return;
        }

        TextRules.RequireKnown(context.SupplementalGroupsPolicy, $"{Context}.supplemental_groups_policy");
        ProfileRules.Check(context.Seccomp, $"{Context}.seccomp");
        ProfileRules.Check(context.Apparmor, $"{Context}.apparmor");
        NamespaceRules.CheckContainer(context.NamespaceOptions, $"{Context}.namespace_options");
        UserReference.From(context, "");
    }
}
