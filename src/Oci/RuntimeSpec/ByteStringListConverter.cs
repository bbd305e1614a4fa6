using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CriShim.Oci.RuntimeSpec;

/// <summary>
/// A list of JSON strings whose bytes are kept as they stand between the quotes. JSON text is UTF-8; for values that are not
/// (CRI envs are bytes) the raw bytes are written and read back unchanged, which only our own writer and reader do.
/// </summary>
public sealed class ByteStringListConverter : JsonConverter<IReadOnlyList<byte[]>>
{
    public override IReadOnlyList<byte[]> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("expected an array of strings");
        }

        var list = new List<byte[]>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String)
            {
                throw new JsonException("expected a string");
            }

            list.Add(reader.ValueIsEscaped ? Unescape(reader.ValueSpan) : reader.ValueSpan.ToArray());
        }

        return list;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<byte[]> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var item in value)
        {
            writer.WriteRawValue(Escape(item), skipInputValidation: true);
        }

        writer.WriteEndArray();
    }

    private static byte[] Escape(ReadOnlySpan<byte> value)
    {
        var text = new List<byte>(value.Length + 2) { (byte)'"' };
        foreach (var b in value)
        {
            if (b is (byte)'"' or (byte)'\\')
            {
                text.Add((byte)'\\');
                text.Add(b);
            }
            else if (b < 0x20)
            {
                text.AddRange(Encoding.ASCII.GetBytes($"\\u{(int)b:x4}"));
            }
            else
            {
                text.Add(b);
            }
        }

        text.Add((byte)'"');
        return [.. text];
    }

    /// <summary>RFC 8259 section 7, on bytes: anything that is not an escape is copied.</summary>
    internal static byte[] Unescape(ReadOnlySpan<byte> text)
    {
        var value = new List<byte>(text.Length);
        var utf8 = new byte[4];
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                value.Add(text[i]);
                continue;
            }

            i++;
            switch ((char)text[i])
            {
                case 'b': value.Add(8); break;
                case 'f': value.Add(12); break;
                case 'n': value.Add(10); break;
                case 'r': value.Add(13); break;
                case 't': value.Add(9); break;
                case 'u':
                    var rune = ReadEscapedRune(text, ref i);
                    value.AddRange(utf8.AsSpan(0, rune.EncodeToUtf8(utf8)));
                    break;
                default: value.Add(text[i]); break;
            }
        }

        return [.. value];
    }

    private static Rune ReadEscapedRune(ReadOnlySpan<byte> text, ref int i)
    {
        var first = ReadHex(text.Slice(i + 1, 4));
        i += 4;
        if (!char.IsHighSurrogate(first) || i + 6 >= text.Length || text[i + 1] != '\\' || text[i + 2] != 'u')
        {
            return Rune.TryCreate(first, out var single) ? single : Rune.ReplacementChar;
        }

        var second = ReadHex(text.Slice(i + 3, 4));
        if (!Rune.TryCreate(first, second, out var pair))
        {
            return Rune.ReplacementChar;
        }

        i += 6;
        return pair;
    }

    private static char ReadHex(ReadOnlySpan<byte> digits) =>
        (char)int.Parse(digits, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture);
}
