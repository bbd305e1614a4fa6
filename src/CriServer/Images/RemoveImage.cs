using CriShim.Cri.V1;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images;

/// <summary>The RemoveImage call: by whatever name or id, the image goes with all its names. One that is not there is no error.</summary>
internal sealed class RemoveImage(ImageStore store, ILogger<RemoveImage> log)
{
    public RemoveImageResponse Execute(RemoveImageRequest request)
    {
        if (store.Find(request.Image?.Image ?? "") is { } image)
        {
            store.Remove(image);
            ImageLog.Removed(log, image.Id, string.Join(", ", image.RepoTags.Concat(image.RepoDigests)));
        }

        return new RemoveImageResponse();
    }
}
