using System.Text.Json;
using System.Text.Json.Serialization;
using CriShim.Linux;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>
/// The signatures that came with an image, kept so that the policy can be asked again without a registry: <c>FOLDER/sha256-HEX.json</c>,
/// named by the signed manifest. They are as little trusted as when they came.
/// </summary>
internal sealed class SignatureStore(string folder)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public void Write(Digest manifest, IReadOnlyList<ImageSignature> signatures)
    {
        Directory.CreateDirectory(folder, FolderMode);
        var document = new SignaturesDocument([.. signatures]);
        AtomicFile.Write(PathOf(manifest), JsonSerializer.SerializeToUtf8Bytes(document, SignaturesJsonContext.Default.SignaturesDocument), durable: false);
    }

    /// <summary>Empty where there are none or the record is damaged: then the policy decides without.</summary>
    public IReadOnlyList<ImageSignature> Read(Digest manifest)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(manifest)), SignaturesJsonContext.Default.SignaturesDocument)?.Signatures ?? [];
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return [];
        }
    }

    /// <summary>Removes the signatures of all manifests but <paramref name="keep"/>.</summary>
    public void RemoveExcept(IReadOnlySet<Digest> keep)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        var names = keep.Select(PathOf).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder).Where(path => !names.Contains(path)))
        {
            File.Delete(path);
        }
    }

    private string PathOf(Digest manifest) => Path.Combine(folder, $"{manifest.Algorithm}-{manifest.Hex}.json");
}

/// <summary>The record of one manifest's signatures.</summary>
internal sealed record SignaturesDocument(IReadOnlyList<ImageSignature> Signatures);

/// <summary>Source-generated JSON of signature records; bytes are base64.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SignaturesDocument))]
internal sealed partial class SignaturesJsonContext : JsonSerializerContext;
