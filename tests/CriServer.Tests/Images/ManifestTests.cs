using System.Text;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Tests.Images;

public class ManifestTests
{
    private static readonly Digest s_digest = BlobIngest.DigestOf([]);
    private static readonly string s_config = FakeRegistry.Descriptor(MediaTypes.OciConfig, s_digest, 2);

    [Theory]
    [InlineData(MediaTypes.OciManifest)]
    [InlineData(MediaTypes.DockerManifest)]
    public void Read_Manifest_IsOne(string type) => Assert.NotNull(Read($$"""{"schemaVersion":2,"mediaType":"{{type}}","config":{{s_config}},"layers":[]}""", type).Manifest);

    [Fact]
    public void Read_NoMediaTypeAnywhere_IsToldByFields()
    {
        Assert.NotNull(Read($$"""{"schemaVersion":2,"config":{{s_config}},"layers":[]}""", null).Manifest);
        Assert.NotNull(Read("""{"schemaVersion":2,"manifests":[]}""", null).Index);
    }

    [Theory]
    [InlineData("""{"schemaVersion":2,"manifests":[],"layers":[],"config":CONFIG}""", MediaTypes.OciManifest)]
    [InlineData("""{"schemaVersion":2,"manifests":[],"layers":[],"config":CONFIG}""", MediaTypes.OciIndex)]
    [InlineData("""{"schemaVersion":2,"manifests":[]}""", MediaTypes.OciManifest)]
    [InlineData("""{"schemaVersion":2,"layers":[],"config":CONFIG}""", MediaTypes.OciIndex)]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""", MediaTypes.DockerManifestList)]
    [InlineData("""{"schemaVersion":2,"layers":[],"config":CONFIG,"Layers":[]}""", MediaTypes.OciManifest)]
    [InlineData("""{"schemaVersion":1,"layers":[],"config":CONFIG}""", MediaTypes.OciManifest)]
    [InlineData("""{"schemaVersion":2,"layers":[],"config":{"digest":"DIGEST","size":1}}""", MediaTypes.OciManifest)]
    [InlineData("""{"schemaVersion":2,"layers":[],"config":{"digest":"sha256:../x","size":1}}""", MediaTypes.OciManifest)]
    [InlineData("""{"schemaVersion":2,"layers":[{"mediaType":"a","digest":"DIGEST","size":-1}],"config":CONFIG}""", MediaTypes.OciManifest)]
    [InlineData("""{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":"DIGEST","size":1}],"config":CONFIG}""", MediaTypes.OciManifest)]
    [InlineData("""{"schemaVersion":2,"layers":[]}""", MediaTypes.OciManifest)]
    [InlineData("""{"schemaVersion":2,"layers":[null],"config":CONFIG}""", MediaTypes.OciManifest)]
    [InlineData("[]", null)]
    [InlineData("not json", null)]
    public void Read_Confusing_IsRefused(string json, string? type) => Assert.Throws<ContentException>(
        () => Read(json.Replace("CONFIG", s_config, StringComparison.Ordinal).Replace("DIGEST", s_digest.ToString(), StringComparison.Ordinal), type));

    [Fact]
    public void Read_TooManyLayers_IsRefused()
    {
        var layer = FakeRegistry.Descriptor(MediaTypes.OciLayer, s_digest, 1);
        var json = $$"""{"schemaVersion":2,"config":{{s_config}},"layers":[{{string.Join(',', Enumerable.Repeat(layer, ContentLimits.MaxLayers + 1))}}]}""";
        Assert.Throws<ContentException>(() => Read(json, null));
    }

    [Theory]
    [InlineData("""{"schemaVersion":1,"fsLayers":[],"history":[]}""", null)]
    [InlineData("""{"schemaVersion":1,"mediaType":"application/vnd.docker.distribution.manifest.v1+json"}""", "application/vnd.docker.distribution.manifest.v1+prettyjws")]
    public void Read_Schema1_SaysSo(string json, string? type) => Assert.Contains("schema 1", Assert.Throws<ContentException>(() => Read(json, type)).Message);

    [Fact]
    public void Read_ArtifactConfig_IsAManifest()
    {
        var config = FakeRegistry.Descriptor(MediaTypes.OciEmpty, s_digest, 2);
        var manifest = Read($$"""{"schemaVersion":2,"artifactType":"a/b","config":{{config}},"layers":[]}""", MediaTypes.OciManifest).Manifest!;
        Assert.Equal("a/b", manifest.ArtifactType);
    }

    [Fact]
    public void Read_TooManyManifests_IsRefused()
    {
        var entry = FakeRegistry.Descriptor(MediaTypes.OciManifest, s_digest, 1);
        var json = $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', Enumerable.Repeat(entry, ContentLimits.MaxIndexEntries + 1))}}]}""";
        Assert.Throws<ContentException>(() => Read(json, null));
    }

    private static ManifestDocument Read(string json, string? type) => ManifestReader.Read(Encoding.UTF8.GetBytes(json), type);
}
