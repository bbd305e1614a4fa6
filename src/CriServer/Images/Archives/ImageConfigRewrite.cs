using System.Text;
using System.Text.Json.Nodes;
using CriShim.CriServer.Images.Content;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>A config for layers that were packed again: everything but the diff ids stays, fields that are not known here too.</summary>
internal static class ImageConfigRewrite
{
    /// <exception cref="ContentException">Not an image's config.</exception>
    public static byte[] WithDiffIds(byte[] config, IReadOnlyList<Digest> before, IReadOnlyList<Digest> after)
    {
        if (before.SequenceEqual(after))
        {
            return config;
        }

        var document = JsonNode.Parse(config)?["rootfs"] is JsonObject rootfs ? rootfs : throw new ContentException("image config has no rootfs");
        document["diff_ids"] = new JsonArray([.. after.Select(d => (JsonNode)JsonValue.Create(d.ToString()))]);
        return Encoding.UTF8.GetBytes(document.Root.ToJsonString());
    }
}
