using System.Security.Cryptography;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>A public key: ECDSA on P-256 or P-384, or RSA with PKCS #1 v1.5, as cosign makes and uses them.</summary>
internal sealed class SigstoreKey
{
    private const string PemLabel = "PUBLIC KEY";

    private readonly byte[] _publicKeyInfo;
    private readonly bool _isRsa;

    private SigstoreKey(byte[] publicKeyInfo, bool isRsa)
    {
        _publicKeyInfo = publicKeyInfo;
        _isRsa = isRsa;
    }

    /// <param name="pem">One PEM block, SubjectPublicKeyInfo.</param>
    /// <exception cref="FormatException">Not a public key of a kind that is supported.</exception>
    public static SigstoreKey FromPem(string pem)
    {
        if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != PemLabel)
        {
            throw new FormatException("not a public key in PEM");
        }

        var bytes = Convert.FromBase64String(pem[fields.Base64Data]);
        return TryEcdsa(bytes) ?? TryRsa(bytes) ?? throw new FormatException("not a key for ECDSA on P-256 or P-384 nor for RSA");
    }

    /// <summary>True when the signature is over exactly these bytes by this key.</summary>
    public bool Verifies(ImageSignature signature)
    {
        try
        {
            return _isRsa ? VerifiesRsa(signature) : VerifiesEcdsa(signature);
        }
        catch (CryptographicException)
        {
            return false; // malformed
        }
    }

    private bool VerifiesRsa(ImageSignature signature)
    {
        using var key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(_publicKeyInfo, out _);
        return key.VerifyData(signature.Payload, signature.Signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>With P-384 some signers use its own hash, others SHA-256 as with every key.</summary>
    private bool VerifiesEcdsa(ImageSignature signature)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(_publicKeyInfo, out _);
        return Verifies(key, signature, HashAlgorithmName.SHA256)
            || (key.KeySize == 384 && Verifies(key, signature, HashAlgorithmName.SHA384));
    }

    private static bool Verifies(ECDsa key, ImageSignature signature, HashAlgorithmName hash) =>
        key.VerifyData(signature.Payload, signature.Signature, hash, DSASignatureFormat.Rfc3279DerSequence);

    private static SigstoreKey? TryEcdsa(byte[] publicKeyInfo)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(publicKeyInfo, out _);
            var curve = key.ExportParameters(includePrivateParameters: false).Curve;
            return curve.IsNamed && curve.Oid.Value is "1.2.840.10045.3.1.7" or "1.3.132.0.34" ? new SigstoreKey(publicKeyInfo, isRsa: false) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static SigstoreKey? TryRsa(byte[] publicKeyInfo)
    {
        using var key = RSA.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(publicKeyInfo, out _);
        }
        catch (CryptographicException)
        {
            return null;
        }

        return key.KeySize >= SignatureLimits.MinRsaBits
            ? new SigstoreKey(publicKeyInfo, isRsa: true)
            : throw new FormatException($"an RSA key of {key.KeySize} bits; the least is {SignatureLimits.MinRsaBits}");
    }
}
