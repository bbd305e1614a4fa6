using System.Globalization;
using CriShim.Cri.V1;

namespace CriShim.CriServer.Handlers;

/// <summary>What the built-in runtime handler can do on this machine, as Status reports it.</summary>
internal static class BuiltInFeatures
{
    private const string MaximumUserNamespaces = "/proc/sys/user/max_user_namespaces";

    // overlayfs takes ID-mapped layers that are mounted nowhere since then ("fs: allow detached mounts in clone_private_mount").
    private static readonly Version s_detachedLayers = new(6, 15);

    public static RuntimeHandlerFeatures Read() => new()
    {
        RecursiveReadOnlyMounts = true,
        UserNamespaces = Environment.OSVersion.Version >= s_detachedLayers && MayMakeUserNamespaces(),
    };

    /// <summary>0 where the administrator forbids them (namespaces(7)); the file is missing where the kernel has none.</summary>
    private static bool MayMakeUserNamespaces() =>
        File.Exists(MaximumUserNamespaces)
        && long.Parse(File.ReadAllText(MaximumUserNamespaces), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) > 0;
}
