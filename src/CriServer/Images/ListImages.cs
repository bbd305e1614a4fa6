using CriShim.Cri.V1;

namespace CriShim.CriServer.Images;

/// <summary>The ListImages and StreamImages calls; a filter names one image, as <see cref="ImageStore.Find"/> takes it.</summary>
internal sealed class ListImages(ImageStore store)
{
    public IEnumerable<Cri.V1.Image> Execute(ImageFilter? filter)
    {
        if (filter?.Image is not { Image.Length: > 0 } wanted)
        {
            return store.List().Select(ImageMessages.ToMessage);
        }

        return store.Find(wanted.Image) is { } image ? [ImageMessages.ToMessage(image)] : [];
    }
}
