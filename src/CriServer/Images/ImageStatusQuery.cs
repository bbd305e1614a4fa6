using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images;

/// <summary>The ImageStatus call: an empty answer for an image that is not there.</summary>
internal sealed class ImageStatusQuery(ImageStore store)
{
    public ImageStatusResponse Execute(ImageStatusRequest request)
    {
        var response = new ImageStatusResponse();
        if (store.Find(request.Image?.Image ?? "") is not { } image)
        {
            return response;
        }

        response.Image = ImageMessages.ToMessage(image);
        if (request.Verbose)
        {
            response.Info.Add("info", InfoOf(image));
        }

        return response;
    }

    /// <summary>What crictl inspecti shows under "info": manifest digest, layers and the config as it stands in the image.</summary>
    private static string InfoOf(Image image)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("manifest", image.ManifestDigest.ToString());
            json.WritePropertyName("imageSpec");
            JsonSerializer.Serialize(json, image.Config, ImageSpecJsonContext.Default.ImageConfig);
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }
}
