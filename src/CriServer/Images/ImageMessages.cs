using CriShim.Cri.V1;

namespace CriShim.CriServer.Images;

/// <summary>An image as the CRI tells it.</summary>
internal static class ImageMessages
{
    public static Cri.V1.Image ToMessage(Image image)
    {
        var message = new Cri.V1.Image
        {
            Id = image.Id,
            Size = (ulong)image.SizeBytes,
            Username = image.User.Name,
            Pinned = image.Pinned,
            Spec = new ImageSpec { Image = image.Id },
        };
        if (image.User.Uid is { } uid)
        {
            message.Uid = new Int64Value { Value = uid };
        }

        message.Spec.Annotations.Add(image.Annotations.ToDictionary());
        message.RepoTags.AddRange(image.RepoTags);
        message.RepoDigests.AddRange(image.RepoDigests);
        return message;
    }
}
