using System.Runtime.InteropServices;
using System.Text.Json;

namespace CriShim.Oci.RuntimeSpec;

/// <summary>Typed reading of an object's members; null where absent or JSON null. Errors: <see cref="JsonException"/> naming the member.</summary>
internal static class JsonFields
{
    public static JsonElement? Get(this JsonElement element, string name) =>
        element.ValueKind != JsonValueKind.Object ? throw new JsonException("expected an object")
        : element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value
        : null;

    public static string? Text(this JsonElement element, string name) => element.Get(name) is { } value ? TextOf(value, name) : null;

    public static string RequiredText(this JsonElement element, string name) =>
        element.Text(name) ?? throw new JsonException($"\"{name}\" is missing");

    public static bool? Bool(this JsonElement element, string name) => element.Get(name)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, "true or false"),
    };

    public static long? Long(this JsonElement element, string name) => element.Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : throw Wrong(name, "a whole number");

    public static ulong? ULong(this JsonElement element, string name) => element.Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out var number) ? number
        : throw Wrong(name, "a whole number from 0");

    public static int? Int(this JsonElement element, string name) => (int?)element.Within(name, int.MinValue, int.MaxValue);

    public static uint? UInt(this JsonElement element, string name) => (uint?)element.Within(name, 0, uint.MaxValue);

    public static ushort? UShort(this JsonElement element, string name) => (ushort?)element.Within(name, 0, ushort.MaxValue);

    public static IReadOnlyList<string>? Texts(this JsonElement element, string name) => element.List(name, item => TextOf(item, name));

    public static IReadOnlyList<uint>? UInts(this JsonElement element, string name) => element.List(
        name,
        item => item.ValueKind == JsonValueKind.Number && item.TryGetUInt32(out var number) ? number : throw Wrong(name, "whole numbers from 0"));

    public static IReadOnlyList<T>? List<T>(this JsonElement element, string name, Func<JsonElement, T> read)
    {
        if (element.Get(name) is not { } array)
        {
            return null;
        }

        if (array.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(name, "an array");
        }

        var list = new List<T>(array.GetArrayLength());
        foreach (var item in array.EnumerateArray())
        {
            list.Add(read(item));
        }

        return list;
    }

    public static IReadOnlyDictionary<string, T>? Map<T>(this JsonElement element, string name, Func<JsonElement, T> read)
    {
        if (element.Get(name) is not { } map)
        {
            return null;
        }

        if (map.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(name, "an object");
        }

        var values = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var member in map.EnumerateObject())
        {
            values[member.Name] = read(member.Value);
        }

        return values;
    }

    public static IReadOnlyDictionary<string, string>? TextMap(this JsonElement element, string name) => element.Map(name, item => TextOf(item, name));

    public static T? Object<T>(this JsonElement element, string name, Func<JsonElement, T> read)
        where T : class => element.Get(name) is { } value ? read(value) : null;

    /// <summary>The strings' bytes, which need not be UTF-8.</summary>
    public static IReadOnlyList<byte[]>? ByteStrings(this JsonElement element, string name) => element.List(
        name,
        item => item.ValueKind == JsonValueKind.String
            ? ByteStringListConverter.Unescape(JsonMarshal.GetRawUtf8Value(item)[1..^1])
            : throw Wrong(name, "strings"));

    private static string TextOf(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, "a string");

    private static long? Within(this JsonElement element, string name, long min, long max) => element.Long(name) is not { } number ? null
        : number >= min && number <= max ? number
        : throw Wrong(name, $"from {min} to {max}");

    private static JsonException Wrong(string name, string expected) => new($"\"{name}\" must be {expected}");
}
