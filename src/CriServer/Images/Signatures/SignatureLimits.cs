namespace CriShim.CriServer.Images.Signatures;

/// <summary>Limits on signatures, which come from whoever may push to the repository.</summary>
internal static class SignatureLimits
{
    /// <summary>Signatures of one digest; further ones are not looked at.</summary>
    public const int MaxSignatures = 64;

    /// <summary>Bytes of a signed payload: a few hundred are usual.</summary>
    public const int MaxPayloadBytes = 128 << 10;

    /// <summary>Characters of a signature in base64: an RSA key of 16384 bits gives 2732.</summary>
    public const int MaxSignatureText = 4096;

    /// <summary>Bytes of the policy file or of a key file.</summary>
    public const int MaxFileBytes = 1 << 20;

    /// <summary>Bits of an RSA key at least.</summary>
    public const int MinRsaBits = 2048;
}
