using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>A mount that the client asks for: a bind of something on the host.</summary>
internal static class SpecVolumes
{
    private static readonly string[] s_flags = ["noexec", "nodev", "nosuid"];

    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static MountSpec Build(Mount mount, string field, IHostFiles host)
    {
        if (mount.ImageSubPath.Length > 0)
        {
            throw CriException.InvalidArgument($"{field}.image_sub_path needs {field}.image");
        }

        IdMaps.CheckMountMaps(mount, field);
        List<string> options = ["rbind", Propagation(mount, field), Access(mount, field), .. Flags(mount, field)];
        var destination = Destination(mount, field);
        var source = Source(mount, field, host);
        CheckHostPropagation(mount, field, source, host);
        return new MountSpec
        {
            Destination = destination,
            Type = "bind",
            Source = source,
            Options = options,
            UidMappings = IdMaps.Convert(mount.UidMappings),
            GidMappings = IdMaps.Convert(mount.GidMappings),
        };
    }

    internal static string Destination(Mount mount, string field)
    {
        TextRules.RequireAbsolutePath(mount.ContainerPath, $"{field}.container_path");
        var destination = TextRules.CleanPath(mount.ContainerPath);
        return destination != "/" ? destination : throw CriException.InvalidArgument($"{field}.container_path is the container's root");
    }

    internal static IEnumerable<string> Flags(Mount mount, string field) => mount.MountOptions.Select(option => Array.IndexOf(s_flags, option) >= 0
        ? option
        : throw CriException.InvalidArgument($"{field}.mount_options: \"{TextRules.Printable(option)}\" is none of noexec, nodev, nosuid"));

    private static string Source(Mount mount, string field, IHostFiles host)
    {
        TextRules.RequireAbsolutePath(mount.HostPath, $"{field}.host_path");
        return host.Resolve(mount.HostPath)
            ?? throw CriException.InvalidArgument($"{field}.host_path \"{TextRules.Printable(mount.HostPath)}\" does not exist");
    }

    private static string Propagation(Mount mount, string field) => mount.Propagation switch
    {
        MountPropagation.PropagationPrivate => "rprivate",
        MountPropagation.PropagationHostToContainer => "rslave",
        MountPropagation.PropagationBidirectional => "rshared",
        _ => throw CriException.InvalidArgument($"{field}.propagation has the unknown value {mount.Propagation:D}"),
    };

    private static string Access(Mount mount, string field)
    {
        if (!mount.RecursiveReadOnly)
        {
            return mount.Readonly ? "ro" : "rw";
        }

        if (!mount.Readonly)
        {
            throw CriException.InvalidArgument($"{field}.recursive_read_only needs readonly");
        }

        return mount.Propagation == MountPropagation.PropagationPrivate
            ? "rro"
            : throw CriException.InvalidArgument($"{field}.recursive_read_only needs private propagation");
    }

    /// <summary>What the host's mount does not pass on cannot reach the container: refused rather than silently not done.</summary>
    private static void CheckHostPropagation(Mount mount, string field, string source, IHostFiles host)
    {
        var needed = mount.Propagation switch
        {
            MountPropagation.PropagationBidirectional => HostPropagation.Shared,
            MountPropagation.PropagationHostToContainer => HostPropagation.Slave,
            _ => HostPropagation.Private,
        };
        if (needed != HostPropagation.Private && host.Propagation(source) < needed)
        {
            var words = needed == HostPropagation.Shared ? "a shared mount" : "a shared or slave mount";
            throw CriException.InvalidArgument(
                $"{field}.host_path \"{TextRules.Printable(mount.HostPath)}\" is not on {words} of the host");
        }
    }
}
