using System.Text;
using CriShim.CriServer.Images.Signatures;

namespace CriShim.CriServer.Tests.Images.Signatures;

/// <summary>Keys and signatures made by <c>openssl dgst -sign</c>.</summary>
public sealed class SigstoreKeyTests
{
    private const string P256 = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEg94XvHpAPptGTwu+G4kgoZgMIDLM
        JAE0jIM2MrkoSiTSbXcHM1ibsQUhxez/VCSt6f2LY2MCNFTAM1DMqm3xbQ==
        -----END PUBLIC KEY-----
        """;

    private const string P384 = """
        -----BEGIN PUBLIC KEY-----
        MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEWHNUS6Nqc5LLGYErqzLOdkY3DuWoe+4k
        wY0BCfQdzlHKX+eEexeP8wMPbi6sGBwrf3rCuIhWoHyXcqB6KYnjOaJhhJ2MRlSh
        Sk2g5UdjKVsrl94MK2WGLFV4ikL5/pgU
        -----END PUBLIC KEY-----
        """;

    private const string Rsa = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr1VsGlFU6VHtg0lniN01
        OBTXU0pfjHwNu3StIMnRCZg5b7v4hhxJj5+bGOYjFt6uK9fhFkLUFXGfqLLWBedj
        KtrBNEs70rxrUMw931i8anqiWWU6i6IZGlxWRQcCl34u+P4Ek/bZe/OVL4NoEIeK
        +ycjIied+HMi3CelVM2TJ2e0EmVyxSgOmqbgkWZ0uon+ebxREOU56ZYQU+nyL+yv
        RVCYXpfg666v8qjbMA0Y2MOUqceCrXbeKfTDlJvBUFanV81uYFwvdmWPsrPpiFKY
        EyEM15WkDRUS16AIm32WNXVD3Ob0N2y89dMN9jF/NLAwaeCKC+NC2nfjyP6zdqmG
        fQIDAQAB
        -----END PUBLIC KEY-----
        """;

    private const string Rsa1024 = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDopUDDYCqT9T40EbNa1TNy1kzx
        dXW5iB+PKiksMVhhdt2fGpFBsN2aans+oyc8zSah+25HYchdiylDPM3xE0JMJVl1
        HzYUK3V9yWlcLkIl2OdPiVGjPGAx1p2/y/v8TDln4s4LXsTUNHjyaezSjOFs+PUc
        9PNyCTVF0mAaWVyUMwIDAQAB
        -----END PUBLIC KEY-----
        """;

    private const string Ed25519 = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEA0zC/1ohsAkqvNDHDGlslFPaPdpiyepSMsx5IIRNoEts=
        -----END PUBLIC KEY-----
        """;

    private const string P256Signature = "MEUCIQCGtxdnPMnCPiCJSfSQru0XLd/vjWWXtIhU5runOxnLPQIgJTmmXF+KjY+hdOxBnIF2rQ/g0xD0WjkV3f1U0UTHc5U=";
    private const string P384Signature = "MGUCMQDMRD6UMI5ES9G1uCDmDy5X3QFS9/9iWDLIGvtJqU0seO3JlmSS/JdcKCRXW7NvNLACMDjn5mLTzQjga5KkgH3dMf04/CMdzmXRUIe19jp1vxKoxv1ETm7fFKICz42UKExI8Q==";
    private const string P384Sha384Signature = "MGQCMHZhNdSKqEj7GavPesdDA7nRruoFSFtGTHIZwoMTM6Wv4/kcLYtZEZiBv+LPDSPQnAIwMGefU5BkX9EhGPPXw9/aumVja3+STAxal2ahOCxbZe/V93lwCZPf2kZsoJMuDvv7";
    private const string RsaSignature =
        "fL1ThiTS1lfCS/hvrNl4Elk4hpZiJXZWPOMrQxwYWeUqkN67VzJUem2+4H3kXnSqlGJr+kPvp7/ymVyDJb12KqYofP7ip0l/Y1k4VdkyCbdwkVnKcfhooOVw2dzyefTCTSGDLoTybw+dcP6hXTFPNdEjeEK6dCoGoCejo43c3n8W"
        + "r+OfsGSPRkVP7rht2qxVZjZkOhb/FJXZx4+KQa0JyzG0HZ+Px/+rLnoYSULxVXOHzUQ8aYZRiGr/TsiNoxyWGF8wh3p0V8Tc5TjHZIIFkVvXxfSY2lfn7T4LV6PY9HV1QJUtaOthPuAo/4wm0Xq67mFOAAFAZ7gqz/psPDiqmw==";

    private static readonly byte[] s_payload = Encoding.UTF8.GetBytes(
        """{"critical":{"identity":{"docker-reference":"registry.example.com/app"},"image":{"docker-manifest-digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"type":"cosign container image signature"},"optional":null}""");

    [Theory]
    [InlineData(P256, P256Signature)]
    [InlineData(P384, P384Signature)]
    [InlineData(P384, P384Sha384Signature)]
    [InlineData(Rsa, RsaSignature)]
    public void Verifies_ItsOwnSignature_AndNoOther(string pem, string signature)
    {
        var key = SigstoreKey.FromPem(pem);
        var good = new ImageSignature(s_payload, Convert.FromBase64String(signature));
        Assert.True(key.Verifies(good));
        Assert.False(key.Verifies(good with { Payload = [.. s_payload, (byte)' '] }));
        Assert.False(key.Verifies(good with { Signature = good.Signature[..^1] }));
        Assert.False(key.Verifies(good with { Signature = [] }));
        var others = new[] { P256Signature, P384Signature, P384Sha384Signature, RsaSignature }.Where(other => other != signature);
        Assert.All(others.Where(other => !(pem == P384 && other is P384Signature or P384Sha384Signature)), other =>
            Assert.False(key.Verifies(good with { Signature = Convert.FromBase64String(other) })));
    }

    [Theory]
    [InlineData(Ed25519, "not a key for ECDSA on P-256 or P-384 nor for RSA")]
    [InlineData(Rsa1024, "an RSA key of 1024 bits; the least is 2048")]
    [InlineData("no key", "not a public key in PEM")]
    public void FromPem_KeyOfAnotherKind_IsRefused(string pem, string error) =>
        Assert.Equal(error, Assert.Throws<FormatException>(() => SigstoreKey.FromPem(pem)).Message);
}
