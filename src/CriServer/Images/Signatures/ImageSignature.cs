namespace CriShim.CriServer.Images.Signatures;

/// <summary>A statement about an image and its signature, neither verified yet.</summary>
/// <param name="Payload">Signed bytes, <see cref="SimpleSigning"/>.</param>
/// <param name="Signature">Over the payload as it is: DER for ECDSA, PKCS #1 v1.5 for RSA.</param>
internal sealed record ImageSignature(byte[] Payload, byte[] Signature);
