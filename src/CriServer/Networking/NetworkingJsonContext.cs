using System.Text.Json.Serialization;

namespace CriShim.CriServer.Networking;

/// <summary>Source-generated JSON of the attachment records and of the verbose status.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(AttachmentCheckpoint))]
[JsonSerializable(typeof(NetworkStatus))]
internal sealed partial class NetworkingJsonContext : JsonSerializerContext;
