using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace CriShim.CriServer.Configuration;

/// <summary>What keys and types the settings have, from the source-generated metadata of the option records.</summary>
internal static class OptionsSchema
{
    private static JsonTypeInfo Root => OptionsJsonContext.Default.CriServerOptions;

    /// <summary>Adds one line for every unknown key and every value of a wrong type in <paramref name="document"/>, and takes them out of it.</summary>
    public static void Check(JsonObject document, string source, List<string> errors) => Check(Root, document, source, "", errors);

    /// <summary>
    /// A document with one setting, whose keys are matched without regard to case and whose text is taken as a string where one is
    /// wanted, else as JSON; null (and a line in <paramref name="errors"/>) where there is no such setting.
    /// </summary>
    public static JsonObject? Parse(IReadOnlyList<string> path, string text, string source, List<string> errors)
    {
        var type = Root;
        var outer = new JsonObject();
        var inner = outer;
        for (var i = 0; i < path.Count; i++)
        {
            var property = type.Properties.FirstOrDefault(p => p.Name.Equals(path[i], StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                errors.Add($"{source}: no such setting");
                return null;
            }

            type = TypeOf(property);
            if (i < path.Count - 1)
            {
                inner[property.Name] = inner = new JsonObject();
                continue;
            }

            inner[property.Name] = Value(text, property.PropertyType);
            var before = errors.Count;
            Check(Root, outer, source, "", errors);
            return errors.Count == before ? outer : null;
        }

        return null;
    }

    private static void Check(JsonTypeInfo type, JsonObject document, string source, string path, List<string> errors)
    {
        foreach (var (key, value) in document.ToList())
        {
            var before = errors.Count;
            var name = path.Length == 0 ? key : $"{path}.{key}";
            var property = type.Properties.FirstOrDefault(p => p.Name == key);
            if (property is null)
            {
                errors.Add($"{source}: {name}: unknown key");
            }
            else if (TypeOf(property) is not { Kind: JsonTypeInfoKind.Object } section)
            {
                CheckValue(property, value, $"{source}: {name}", errors);
            }
            else if (value is JsonObject inner)
            {
                Check(section, inner, source, name, errors);
                continue;
            }
            else
            {
                errors.Add($"{source}: {name}: must be an object");
            }

            if (errors.Count > before)
            {
                document.Remove(key);
            }
        }
    }

    private static void CheckValue(JsonPropertyInfo property, JsonNode? value, string where, List<string> errors)
    {
        try
        {
            if (value is null ? !property.IsSetNullable : value.Deserialize(TypeOf(property)) is null)
            {
                errors.Add($"{where}: must not be null");
            }
        }
        catch (JsonException)
        {
            errors.Add($"{where}: {value!.ToJsonString()} is not {Expected(property.PropertyType)}");
        }
    }

    private static string Expected(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain switch
        {
            { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(plain))}",
            _ when plain == typeof(bool) => "true or false",
            _ when plain == typeof(string) => "a string",
            _ when plain.IsPrimitive => "a number in range",
            _ => "a value of the right shape",
        };
    }

    private static JsonNode? Value(string text, Type type)
    {
        if (type == typeof(string) || (Nullable.GetUnderlyingType(type) ?? type).IsEnum)
        {
            return JsonValue.Create(text);
        }

        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    private static JsonTypeInfo TypeOf(JsonPropertyInfo property) =>
        OptionsJsonContext.Default.GetTypeInfo(property.PropertyType)
        ?? throw new InvalidOperationException($"no JSON metadata for {property.PropertyType}");
}
