using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CriShim.Oci.ImageSpec;

/// <summary>
/// A content digest <c>algorithm:hex</c> (descriptor.md, "Digests"). Only sha256 and sha512 with lower-case hex of the right length are
/// digests at all, so a value of this type may be used in a path or URL.
/// </summary>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly record struct Digest
{
    public const string Sha256 = "sha256";
    public const string Sha512 = "sha512";

    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");
    private readonly string? _value;

    private Digest(string value) => _value = value;

    /// <summary>sha256 or sha512.</summary>
    public string Algorithm => Value[..Value.IndexOf(':', StringComparison.Ordinal)];

    public string Hex => Value[(Value.IndexOf(':', StringComparison.Ordinal) + 1)..];

    private string Value => _value ?? throw new InvalidOperationException("digest was never set");

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon < 0)
        {
            return false;
        }

        var hex = text.AsSpan(colon + 1);
        var length = text![..colon] switch { Sha256 => 64, Sha512 => 128, _ => -1 };
        if (hex.Length != length || hex.ContainsAnyExcept(s_hexDigits))
        {
            return false;
        }

        digest = new Digest(text);
        return true;
    }

    /// <exception cref="FormatException">Not a digest.</exception>
    public static Digest Parse(string? text) =>
        TryParse(text, out var digest) ? digest : throw new FormatException($"invalid digest \"{text}\"");

    /// <summary>The digest of a hash value: 32 bytes are sha256, 64 sha512.</summary>
    public static Digest FromHash(ReadOnlySpan<byte> hash) =>
        new($"{(hash.Length == 32 ? Sha256 : Sha512)}:{Convert.ToHexStringLower(hash)}");

    public override string ToString() => _value ?? "";
}

/// <summary>Reads a digest strictly: a document with a malformed one is refused as a whole.</summary>
public sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Digest.TryParse(reader.GetString(), out var digest)
            ? digest
            : throw new JsonException("invalid digest");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
