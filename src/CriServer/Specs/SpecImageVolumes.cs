using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>A mount that the client asks for: an image, or a part of one. Programs in it may be executed, but get no rights of their own.</summary>
internal static class SpecImageVolumes
{
    public static bool IsOne(Mount mount) => mount.Image is { Image.Length: > 0 };

    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static void Check(Mount mount, string field)
    {
        if (mount.HostPath.Length > 0)
        {
            throw CriException.InvalidArgument($"{field}.host_path and {field}.image exclude each other");
        }

        if (!mount.Readonly)
        {
            throw CriException.InvalidArgument($"{field}.readonly: an image can only be mounted read-only");
        }

        if (mount.Propagation != MountPropagation.PropagationPrivate)
        {
            throw CriException.InvalidArgument($"{field}.propagation: nothing is mounted below an image");
        }

        TextRules.RefuseControlCharacters(mount.ImageSubPath, $"{field}.image_sub_path");
        if (mount.ImageSubPath.StartsWith('/') || mount.ImageSubPath.Split('/').Contains(".."))
        {
            throw CriException.InvalidArgument($"{field}.image_sub_path \"{TextRules.Printable(mount.ImageSubPath)}\" is not a path below the image's root");
        }
    }

    /// <param name="source">Where the runtime finds it.</param>
    public static MountSpec Build(Mount mount, string field, string source) => new()
    {
        Destination = SpecVolumes.Destination(mount, field),
        Type = "bind",
        Source = source,
        Options = ["bind", "rprivate", "ro", "nosuid", "nodev", .. SpecVolumes.Flags(mount, field)],
    };
}
