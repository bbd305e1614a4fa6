using System.Text.Json.Serialization;

namespace CriShim.Runtime.Contract;

/// <summary>Source-generated JSON of everything that crosses between server and runtime, in messages and in files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ControlMessage))]
[JsonSerializable(typeof(ExitRecord))]
[JsonSerializable(typeof(SupervisorRecord))]
public sealed partial class ContractJsonContext : JsonSerializerContext;
