using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Tests.Images;

public class DigestTests
{
    [Fact]
    public void TryParse_Sha256_GivesItsParts()
    {
        var hex = new string('a', 64);
        Assert.True(Digest.TryParse("sha256:" + hex, out var digest));
        Assert.Equal(("sha256", hex), (digest.Algorithm, digest.Hex));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("sha256:../../../../etc/passwd")]
    [InlineData("sha1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")]
    public void TryParse_Malformed_IsFalse(string? text) => Assert.False(Digest.TryParse(text, out _));
}
