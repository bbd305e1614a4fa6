using System.Text.Json;
using System.Text.Json.Serialization;

namespace CriShim.CriServer.Configuration;

/// <summary>Source-generated JSON of the settings: comments and trailing commas allowed, unknown keys refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    WriteIndented = true,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(CriServerOptions))]
internal sealed partial class OptionsJsonContext : JsonSerializerContext;
