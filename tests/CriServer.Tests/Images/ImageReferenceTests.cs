using CriShim.CriServer.Errors;
using CriShim.CriServer.Images;

namespace CriShim.CriServer.Tests.Images;

public class ImageReferenceTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox:latest")]
    [InlineData("busybox:1.36", "docker.io/library/busybox:1.36")]
    [InlineData("me/tool", "docker.io/me/tool:latest")]
    [InlineData("docker.io/busybox", "docker.io/library/busybox:latest")]
    [InlineData("index.docker.io/busybox", "docker.io/library/busybox:latest")]
    [InlineData("localhost/x", "localhost/x:latest")]
    [InlineData("127.0.0.1:5000/a/b/c:v1", "127.0.0.1:5000/a/b/c:v1")]
    [InlineData("[::1]:5000/a", "[::1]:5000/a:latest")]
    [InlineData("[2001:db8::1]/a/b:t", "[2001:db8::1]/a/b:t")]
    [InlineData("localhost:5000/x@" + Digest, "localhost:5000/x@" + Digest)]
    [InlineData("Host/x", "Host/x:latest")]
    [InlineData("gcr.io/a__b/c-d.e_f", "gcr.io/a__b/c-d.e_f:latest")]
    [InlineData("busybox@" + Digest, "docker.io/library/busybox@" + Digest)]
    [InlineData("r.io:1/a:t@" + Digest, "r.io:1/a:t@" + Digest)]
    public void Parse_ValidName_IsCompleted(string text, string expected) => Assert.Equal(expected, ImageReference.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData(":tag")]
    [InlineData("UPPER")]
    [InlineData("a b")]
    [InlineData("a/../b")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a:")]
    [InlineData("a:-tag")]
    [InlineData("a@sha256:abc")]
    [InlineData("a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("a@md5:0123456789abcdef0123456789abcdef")]
    [InlineData("user@host/a")]
    [InlineData("http://host/a")]
    [InlineData("host:port/a")]
    [InlineData("a:tag\n")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("[::1]")]
    [InlineData("[::1]:5000")]
    [InlineData("[::1%eth0]:5000/a")]
    [InlineData("a@b@" + Digest)]
    public void Parse_BadName_IsInvalidArgument(string text)
    {
        var error = Assert.Throws<CriException>(() => ImageReference.Parse(text));
        Assert.Equal(CriErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public void Parse_NameOf256Characters_IsInvalid() =>
        Assert.Throws<CriException>(() => ImageReference.Parse("r.io/" + new string('a', 251)));

    [Fact]
    public void StoredName_TagAndDigest_DigestWins() => Assert.Equal("r.io/a@" + Digest, ImageReference.Parse("r.io/a:t@" + Digest).StoredName);
}
