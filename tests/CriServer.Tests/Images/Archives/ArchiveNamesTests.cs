using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Archives;

namespace CriShim.CriServer.Tests.Images.Archives;

public sealed class ArchiveNamesTests
{
    [Theory]
    [InlineData("h.io/a:1", "", "h.io/a:1")]
    [InlineData("busybox:1", "", "docker.io/library/busybox:1")]
    [InlineData("v1", "h.io/a", "h.io/a:v1")]
    [InlineData("h.io/b:2", "h.io/a", "h.io/a:2")]
    [InlineData("h.io/b:2", "h.io/a:3", "h.io/a:3")]
    [InlineData(null, "h.io/a", "h.io/a:latest")]
    [InlineData(null, "h.io/a:3", "h.io/a:3")]
    public void Choose_ToldAndGiven_GivesOneName(string? told, string given, string expected) =>
        Assert.Equal(expected, Assert.Single(ArchiveNames.Choose(told is null ? [] : [told], given)).ToString());

    [Theory]
    [InlineData("v1", "", "the archive has the tag \"v1\" without a repository; give one: --name REPOSITORY")]
    [InlineData(null, "", "the archive has an image without a name; give one: --name NAME")]
    [InlineData("a:1", "BAD", "invalid image name \"BAD\"")]
    [InlineData("a:1", "a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "invalid image name")]
    [InlineData("../a:1", "", "invalid image name \"../a:1\"")]
    public void Choose_NoUsableName_IsRefused(string? told, string given, string error) =>
        Assert.StartsWith(
            error, Assert.Throws<CriException>(() => ArchiveNames.Choose(told is null ? [] : [told], given)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("./a//b/", "a/b")]
    [InlineData("/a/../b", "b")]
    [InlineData("../../b", "b")]
    [InlineData("a/./../..", "")]
    public void Normalize_Path_StaysInside(string path, string expected) => Assert.Equal(expected, TarIndex.Normalize(path));
}
