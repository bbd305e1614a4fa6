using System.Text.Json;
using System.Text.Json.Serialization;

namespace CriShim.CriServer.Cdi;

/// <summary>Source-generated JSON of CDI files: a member that is not known is an error, as the specification asks. Numbers may be text: YAML knows no type.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(CdiSpec))]
internal sealed partial class CdiJsonContext : JsonSerializerContext;

/// <summary>A number, or text of one: octal with a leading zero, as YAML writes modes.</summary>
internal sealed class CdiFileModeConverter : JsonConverter<uint?>
{
    public override uint? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.GetUInt32();
        }

        var text = reader.GetString() ?? "";
        try
        {
            return text.StartsWith('0') ? Convert.ToUInt32(text.Replace("0o", "0", StringComparison.Ordinal), 8) : Convert.ToUInt32(text, 10);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new JsonException($"\"{text}\" is no file mode", e);
        }
    }

    public override void Write(Utf8JsonWriter writer, uint? value, JsonSerializerOptions options) => writer.WriteNumberValue(value ?? 0);
}
