using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CriShim.Linux;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>
/// The signatures that came with an image, kept so that the policy can be asked again without a registry: <c>FOLDER/HEX.json</c>, the name a
/// hash of the repository and the signed manifest, so that what one repository has says nothing of another. They are as little trusted as
/// when they came.
/// </summary>
internal sealed class SignatureStore(string folder)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <param name="name">Repository and digest: <c>example.com/app@sha256:…</c>.</param>
    public void Write(string name, IReadOnlyList<ImageSignature> signatures)
    {
        Directory.CreateDirectory(folder, FolderMode);
        var document = new SignaturesDocument([.. signatures]);
        AtomicFile.Write(PathOf(name), JsonSerializer.SerializeToUtf8Bytes(document, SignaturesJsonContext.Default.SignaturesDocument), durable: false);
    }

    /// <summary>Empty where there are none or the record is damaged: then the policy decides without.</summary>
    public IReadOnlyList<ImageSignature> Read(string name)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(name)), SignaturesJsonContext.Default.SignaturesDocument)?.Signatures ?? [];
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return [];
        }
    }

    /// <summary>Removes the signatures of all names but <paramref name="keep"/>.</summary>
    public void RemoveExcept(IEnumerable<string> keep)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        var kept = keep.Select(PathOf).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder).Where(path => !kept.Contains(path)))
        {
            File.Delete(path);
        }
    }

    private string PathOf(string name) => Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name))) + ".json");
}

/// <summary>The record of one manifest's signatures.</summary>
internal sealed record SignaturesDocument(IReadOnlyList<ImageSignature> Signatures);

/// <summary>Source-generated JSON of signature records; bytes are base64.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SignaturesDocument))]
internal sealed partial class SignaturesJsonContext : JsonSerializerContext;
