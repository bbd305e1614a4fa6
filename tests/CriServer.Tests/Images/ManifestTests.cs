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
    [InlineData("""{"schemaVersion":1,"fsLayers":[],"history":[]}""", null)]
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

    [Fact]
    public void Select_SeveralPlatforms_TakesOurs()
    {
        var index = Index(("windows", "amd64", null, 1), ("linux", "s390x", null, 2), ("linux", ManifestSelector.Architecture, null, 3));
        Assert.Equal(3, ManifestSelector.Select(index).Size);
    }

    [Fact]
    public void Select_UnknownVariant_IsNotTaken()
    {
        var index = Index(("linux", ManifestSelector.Architecture, "v99", 1), ("linux", ManifestSelector.Architecture, null, 2));
        Assert.Equal(2, ManifestSelector.Select(index).Size);
    }

    [Fact]
    public void Select_NoneFits_NamesWhatThereIs()
    {
        var error = Assert.Throws<ContentException>(() => ManifestSelector.Select(Index(("plan9", "mips", "v2", 1))));
        Assert.Contains("plan9/mips/v2", error.Message);
    }

    private static ManifestDocument Read(string json, string? type) => ManifestReader.Read(Encoding.UTF8.GetBytes(json), type);

    private static ImageIndex Index(params (string Os, string Architecture, string? Variant, long Size)[] platforms) => new()
    {
        Manifests =
        [
            .. platforms.Select(p => new Descriptor
            {
                MediaType = MediaTypes.OciManifest,
                Digest = s_digest,
                Size = p.Size,
                Platform = new Platform { Os = p.Os, Architecture = p.Architecture, Variant = p.Variant },
            }),
        ],
    };
}
