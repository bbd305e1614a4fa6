using CriShim.Cri.V1;
using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Containers;

/// <summary>A container as clients see it.</summary>
internal static class ContainerMessages
{
    public static Cri.V1.Container ToListItem(Container container)
    {
        var item = new Cri.V1.Container
        {
            Id = container.Id,
            PodSandboxId = container.SandboxId,
            Metadata = container.Config.Metadata,
            Image = container.Config.Image,
            ImageRef = container.ImageReference,
            ImageId = container.ImageId,
            State = container.State,
            CreatedAt = container.CreatedAt,
        };
        item.Labels.Add(container.Config.Labels);
        item.Annotations.Add(container.Config.Annotations);
        return item;
    }

    public static ContainerStatus ToStatus(Container container)
    {
        var status = new ContainerStatus
        {
            Id = container.Id,
            Metadata = container.Config.Metadata,
            State = container.State,
            CreatedAt = container.CreatedAt,
            StartedAt = container.StartedAt,
            FinishedAt = container.FinishedAt,
            ExitCode = container.ExitCode,
            Image = new ImageSpec
            {
                Image = container.ImageName,
                UserSpecifiedImage = container.Config.Image.UserSpecifiedImage,
                RuntimeHandler = container.Config.Image.RuntimeHandler,
            },
            ImageRef = container.ImageReference,
            ImageId = container.ImageId,
            Reason = container.Reason,
            Message = container.Message,
            LogPath = container.LogPath ?? "",
            StopSignal = StopSignals.ToCri(container.StopSignal),
        };
        if (container.Resources is { } resources)
        {
            status.Resources = new ContainerResources { Linux = resources };
        }

        if (container.User is { } user)
        {
            status.User = new ContainerUser { Linux = user };
        }

        status.Image.Annotations.Add(container.Config.Image.Annotations);
        status.Mounts.Add(MountsOf(container));
        status.Labels.Add(container.Config.Labels);
        status.Annotations.Add(container.Config.Annotations);
        return status;
    }

    /// <summary>As asked; images with what their names led to (KEP-5365).</summary>
    private static IEnumerable<Mount> MountsOf(Container container)
    {
        var images = 0;
        foreach (var mount in container.Config.Mounts)
        {
            if (!SpecImageVolumes.IsOne(mount) || images == container.VolumeImages.Count)
            {
                yield return mount;
                continue;
            }

            var resolved = mount.Clone();
            resolved.Image.ImageRef = container.VolumeImages[images++];
            yield return resolved;
        }
    }
}
