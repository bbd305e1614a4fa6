using System.Text.Json.Serialization;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Sandboxes;

namespace CriShim.CriServer.State;

/// <summary>Source-generated JSON of the records on disk.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SandboxCheckpoint))]
[JsonSerializable(typeof(ContainerCheckpoint))]
internal sealed partial class CheckpointJsonContext : JsonSerializerContext;
