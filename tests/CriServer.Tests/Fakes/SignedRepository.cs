using System.Security.Cryptography;
using System.Text;
using CriShim.CriServer.Images.Content;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>Puts cosign's signatures beside an image of a <see cref="FakeRegistry"/>.</summary>
internal sealed class SignedRepository(FakeRegistry registry, string repository)
{
    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public Digest DigestOf(string tag) => BlobIngest.DigestOf(registry.Contents[$"{repository}/manifests/{tag}"].Bytes);

    /// <param name="name">The name that is signed.</param>
    /// <param name="change">Changes the payload after it was signed.</param>
    /// <param name="signed">What the payload says was signed; null: the truth.</param>
    public void Sign(string tag, ECDsa key, string name, Func<byte[], byte[]>? change = null, Digest? signed = null, string extra = "")
    {
        var digest = DigestOf(tag);
        var payload = Encoding.UTF8.GetBytes(
            $$$"""{"critical":{"identity":{"docker-reference":"{{{name}}}"},"image":{"docker-manifest-digest":"{{{signed ?? digest}}}"},"type":"cosign container image signature"{{{extra}}}},"optional":null}""");
        var signature = Convert.ToBase64String(key.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        payload = change?.Invoke(payload) ?? payload;
        var layer = registry.Blob(repository, payload);
        var config = registry.Blob(repository, "{}"u8.ToArray());
        registry.Manifest(repository, $"sha256-{digest.Hex}.sig", MediaTypes.OciManifest, $$$"""
            {"schemaVersion":2,"mediaType":"{{{MediaTypes.OciManifest}}}","config":{{{FakeRegistry.Descriptor(MediaTypes.OciConfig, config, 2)}}},
             "layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":"{{{layer}}}","size":{{{payload.Length}}},
                        "annotations":{"dev.cosignproject.cosign/signature":"{{{signature}}}"}}]}
            """);
    }
}
