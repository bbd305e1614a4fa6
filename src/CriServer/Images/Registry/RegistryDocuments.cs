using System.Text.Json.Serialization;

namespace CriShim.CriServer.Images.Registry;

/// <summary>The answer of a token service (distribution, "Token Authentication"). Either name of the token is in use.</summary>
internal sealed record TokenDocument(
    [property: JsonPropertyName("token")] string? Token,
    [property: JsonPropertyName("access_token")] string? AccessToken,
    [property: JsonPropertyName("expires_in")] int? ExpiresInSeconds);

/// <summary>A registry's error answer (distribution-spec, "Error Codes").</summary>
internal sealed record ErrorDocument([property: JsonPropertyName("errors")] IReadOnlyList<ErrorEntry>? Errors);

/// <summary>One error: an upper-case code and a text for people.</summary>
internal sealed record ErrorEntry([property: JsonPropertyName("code")] string? Code, [property: JsonPropertyName("message")] string? Message);

/// <summary>Source-generated JSON of what registries and token services answer.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(TokenDocument))]
[JsonSerializable(typeof(ErrorDocument))]
internal sealed partial class RegistryJsonContext : JsonSerializerContext;
