using System.Text.Json.Serialization;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Layers;

/// <summary>The READY record of an unpacked layer: only with it does a layer count.</summary>
/// <param name="Bytes">On disk.</param>
/// <param name="UnsyncedSince">
/// The id of the boot in which the layer was unpacked, as long as it is not surely on the disk: in another boot such a layer does not
/// count. Null once it is.
/// </param>
/// <param name="ImpliedFolders">How many <see cref="Layers.ImpliedFolders"/> the file beside this one lists.</param>
internal sealed record LayerRecord(Digest DiffId, long Bytes, long Inodes, string? UnsyncedSince, int ImpliedFolders = 0);

/// <summary>Source-generated JSON of layer records.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(LayerRecord))]
internal sealed partial class LayerJsonContext : JsonSerializerContext;
