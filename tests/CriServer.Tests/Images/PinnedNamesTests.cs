using CriShim.CriServer.Images;

namespace CriShim.CriServer.Tests.Images;

public class PinnedNamesTests
{
    [Theory]
    [InlineData("docker.io/library/busybox:latest", true)]
    [InlineData("docker.io/library/busybox:1", false)]
    [InlineData("r.io/base/a:1", true)]
    [InlineData("r.io/base/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true)]
    [InlineData("r.io/bas:1", false)]
    public void Contains_Name_ByPattern(string name, bool expected) =>
        Assert.Equal(expected, new PinnedNames(["busybox", "r.io/base*", "not a name"]).Contains(name));
}
