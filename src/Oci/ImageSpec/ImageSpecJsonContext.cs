using System.Text.Json.Serialization;

namespace CriShim.Oci.ImageSpec;

/// <summary>Source-generated JSON of image documents. Apart from <see cref="OciJsonContext"/>, which the small runtime binary links.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageConfig))]
public sealed partial class ImageSpecJsonContext : JsonSerializerContext;
