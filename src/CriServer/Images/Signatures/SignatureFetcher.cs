using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Registry;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>
/// Finds cosign's signatures of a manifest (cosign, specs/SIGNATURE_SPEC.md): an image under the tag <c>sha256-HEX.sig</c> of the same
/// repository, whose layers are payloads with their signatures as annotations.
/// </summary>
internal static class SignatureFetcher
{
    private const string PayloadType = "application/vnd.dev.cosign.simplesigning.v1+json";
    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";

    /// <summary>At most <see cref="SignatureLimits.MaxSignatures"/>; none is no error.</summary>
    /// <exception cref="ContentException">The signatures' manifest is malformed.</exception>
    /// <exception cref="Errors.CriException">No host answered.</exception>
    public static async Task<IReadOnlyList<ImageSignature>> FetchAsync(RepositoryClient repository, Digest manifest, CancellationToken cancellation)
    {
        var found = await repository.FindTagAsync($"{manifest.Algorithm}-{manifest.Hex}.sig", cancellation);
        if (found is null)
        {
            return [];
        }

        var document = ManifestReader.Read(found.Bytes, found.Descriptor.MediaType).Manifest
            ?? throw new ContentException("the manifest of the signatures is an index");
        var signatures = new List<ImageSignature>();
        foreach (var layer in document.Layers.Where(IsSignature).Take(SignatureLimits.MaxSignatures))
        {
            if (TryDecode(layer.Annotations![SignatureAnnotation]) is { } signature)
            {
                var payload = await repository.FetchSmallBlobAsync(layer, SignatureLimits.MaxPayloadBytes, cancellation);
                signatures.Add(new ImageSignature(payload, signature));
            }
        }

        return signatures;
    }

    private static bool IsSignature(Descriptor layer) =>
        layer.MediaType == PayloadType && layer.Size <= SignatureLimits.MaxPayloadBytes && layer.Annotations?.ContainsKey(SignatureAnnotation) == true;

    private static byte[]? TryDecode(string base64)
    {
        var buffer = new byte[SignatureLimits.MaxSignatureText];
        return base64.Length <= SignatureLimits.MaxSignatureText && Convert.TryFromBase64String(base64, buffer, out var length) ? buffer[..length] : null;
    }
}
