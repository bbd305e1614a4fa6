using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CriShim.CriServer.Cdi;

/// <summary>
/// A YAML document as the JSON it stands for, from the parser's events: its object mapper would need reflection. A scalar is text (or true,
/// false, null where it is not quoted); who reads it knows what type it should have. References are refused: they can grow without bound.
/// </summary>
internal static class YamlDocument
{
    private const int MaxDepth = 32;

    /// <exception cref="YamlException">Not YAML, or of a shape that JSON does not have.</exception>
    public static JsonNode? Read(TextReader text)
    {
        var parser = new Parser(text);
        parser.Consume<StreamStart>();
        if (!parser.TryConsume<DocumentStart>(out _))
        {
            return null;
        }

        var root = ReadNode(parser, 0);
        parser.Consume<DocumentEnd>();
        return parser.Accept<StreamEnd>(out _) ? root : throw new YamlException("more than one document");
    }

    private static JsonNode? ReadNode(Parser parser, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new YamlException($"nested deeper than {MaxDepth}");
        }

        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return ReadScalar(scalar);
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var list = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                list.Add(ReadNode(parser, depth + 1));
            }

            return list;
        }

        if (!parser.TryConsume<MappingStart>(out _))
        {
            throw new YamlException($"line {parser.Current?.Start.Line}: references are not supported");
        }

        var map = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Consume<Scalar>();
            if (!map.TryAdd(key.Value, ReadNode(parser, depth + 1)))
            {
                throw new YamlException(key.Start, key.End, $"\"{key.Value}\" is given twice");
            }
        }

        return map;
    }

    private static JsonValue? ReadScalar(Scalar scalar) => scalar.Style != ScalarStyle.Plain ? JsonValue.Create(scalar.Value) : scalar.Value switch
    {
        "" or "~" or "null" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ => JsonValue.Create(scalar.Value),
    };
}
