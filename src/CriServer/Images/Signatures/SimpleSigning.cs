using System.Text.Json;
using System.Text.Json.Serialization;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>What a signature says: "the manifest with this digest may be known by this name" (containers-signature(5), "JSON Data Format").</summary>
/// <param name="Name">As the signer wrote it; cosign gives the repository only.</param>
internal sealed record SimpleSigning(Digest ManifestDigest, string Name)
{
    /// <summary>Types in use: cosign's, and that of containers' own signatures.</summary>
    private static readonly HashSet<string> s_types = ["cosign container image signature", "atomic container signature"];

    /// <exception cref="SignatureException">Not a statement about an image.</exception>
    public static SimpleSigning Read(ReadOnlySpan<byte> payload)
    {
        try
        {
            var critical = JsonSerializer.Deserialize(payload, SimpleSigningJsonContext.Default.SimpleSigningDocument)?.Critical;
            if (critical is null || !s_types.Contains(critical.Type))
            {
                throw new SignatureException($"a signature's payload has the unknown type \"{critical?.Type}\"");
            }

            return new SimpleSigning(critical.Image.ManifestDigest, critical.Identity.Reference);
        }
        catch (JsonException e)
        {
            throw new SignatureException("a signature's payload cannot be read", e);
        }
    }
}

/// <summary>The signed document. What is "critical" must be understood completely; "optional" is ignored.</summary>
internal sealed record SimpleSigningDocument([property: JsonPropertyName("critical"), JsonRequired] CriticalDocument Critical);

/// <summary>The part of the document that no verifier may ignore.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record CriticalDocument(
    [property: JsonPropertyName("type"), JsonRequired] string Type,
    [property: JsonPropertyName("image"), JsonRequired] SignedImageDocument Image,
    [property: JsonPropertyName("identity"), JsonRequired] SignedIdentityDocument Identity);

/// <summary>Which content is meant.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SignedImageDocument([property: JsonPropertyName("docker-manifest-digest"), JsonRequired] Digest ManifestDigest);

/// <summary>By which name.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SignedIdentityDocument([property: JsonPropertyName("docker-reference"), JsonRequired] string Reference);

/// <summary>Source-generated JSON of payloads.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SimpleSigningDocument))]
internal sealed partial class SimpleSigningJsonContext : JsonSerializerContext;
