using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images;
using CriShim.CriServer.Images.Signatures;
using CriShim.CriServer.Specs;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using Image = CriShim.CriServer.Images.Image;

namespace CriShim.CriServer.Containers;

/// <summary>A mount of an image in a container.</summary>
/// <param name="SubPath">What of the image is mounted, below its root; empty: all of it.</param>
internal sealed record ImageVolume(Image Image, string SubPath);

/// <summary>
/// The volumes of a container that are made of images: read-only, of an image or an artifact that was pulled. Failures that another pull
/// may mend begin with what the kubelet tests for (cri-api, pkg/errors).
/// </summary>
internal sealed class ImageVolumes(ImageStore images, SignatureCheck signatures)
{
    public const string KubeletPrefix = "ImageVolumeMountFailed: ";

    /// <summary>They go to the runtime as descriptors of one message, beside the root (<see cref="SeqPacketSocket.MaxFds"/>).</summary>
    private const int MaxVolumes = SeqPacketSocket.MaxFds - 1;

    /// <summary>In the order of the mounts that have an image.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the field; NotFound; or the signature policy refuses the image.</exception>
    public IReadOnlyList<ImageVolume> Find(ContainerConfig config)
    {
        var found = new List<ImageVolume>();
        for (var i = 0; i < config.Mounts.Count; i++)
        {
            var mount = config.Mounts[i];
            if (SpecImageVolumes.IsOne(mount))
            {
                SpecImageVolumes.Check(mount, $"mounts[{i}]");
                found.Add(new ImageVolume(ImageOf(mount.Image), mount.ImageSubPath));
            }
        }

        return found.Count <= MaxVolumes ? found : throw CriException.InvalidArgument($"mounts: more than {MaxVolumes} of them are images");
    }

    /// <summary>The part of a volume that was asked for. Links in the path stay below the image's root.</summary>
    /// <param name="volume">Detached mount of the whole image; disposed of.</param>
    /// <param name="folder">An empty folder, for kernels that clone no mount that is mounted nowhere.</param>
    /// <exception cref="CriException">There is nothing at the path.</exception>
    public static SafeFileHandle Narrow(SafeFileHandle volume, string subPath, string folder)
    {
        if (subPath.Length == 0)
        {
            return volume;
        }

        using (volume)
        {
            try
            {
                using var place = FileInRoot.Open(volume, subPath, O_PATH);
                return TryClone(place, subPath) ?? CloneAttached(volume, subPath, folder);
            }
            catch (LinuxException e) when (e.Call == "openat2")
            {
                throw new CriException(
                    CriErrorKind.NotFound, $"{KubeletPrefix}image_sub_path \"{TextRules.Printable(subPath)}\" is not in the image: {e.Message}", e);
            }
        }
    }

    private Image ImageOf(ImageSpec reference)
    {
        var image = images.Find(reference.Image)
            ?? throw new CriException(CriErrorKind.NotFound, $"{KubeletPrefix}image \"{TextRules.Printable(reference.Image)}\" not found");
        signatures.RequireForContainer(image, reference.UserSpecifiedImage);
        return image;
    }

    /// <summary>Null before Linux 6.15 ("fs: allow creation of detached mounts from detached mounts").</summary>
    private static SafeFileHandle? TryClone(SafeFileHandle place, string subPath)
    {
        try
        {
            return DetachedMount.Clone(place, recursive: false, subPath);
        }
        catch (LinuxException e) when (e.Errno == Errno.EINVAL)
        {
            return null;
        }
    }

    /// <summary>The volume shows in the host's mount table for a moment.</summary>
    internal static SafeFileHandle CloneAttached(SafeFileHandle volume, string subPath, string folder)
    {
        Directory.CreateDirectory(folder);
        using (var target = Fd.Open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW))
        {
            DetachedMount.Attach(volume, target, folder);
        }

        try
        {
            using var place = FileInRoot.Open(volume, subPath, O_PATH);
            return DetachedMount.Clone(place, recursive: false, subPath);
        }
        finally
        {
            MountPoint.Clear(folder);
            Directory.Delete(folder);
        }
    }
}
