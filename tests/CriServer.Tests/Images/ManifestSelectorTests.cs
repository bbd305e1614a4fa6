using CriShim.CriServer.Images.Content;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Tests.Images;

public class ManifestSelectorTests
{
    private const string V3Flags = "flags : cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 avx avx2 bmi1 bmi2 f16c fma abm movbe";
    private static readonly Digest s_digest = BlobIngest.DigestOf([]);

    [Theory]
    [InlineData("amd64", 3, "linux/amd64/v4 linux/386 linux/amd64 linux/amd64/v3 linux/amd64/v2", "linux/amd64/v3 linux/amd64/v2 linux/amd64 linux/386")]
    [InlineData("amd64", 1, "linux/amd64/v2 linux/amd64/v1", "linux/amd64/v1")]
    [InlineData("amd64", 4, "windows/amd64 linux/s390x linux/amd64/v99 unknown/unknown", "")]
    [InlineData("arm64", 0, "linux/arm/v6 linux/arm linux/arm64 linux/amd64 linux/arm/v8", "linux/arm64 linux/arm/v8 linux/arm linux/arm/v6")]
    [InlineData("arm", 0, "linux/arm/v8 linux/arm/v5 linux/arm/7 linux/arm64", "linux/arm/7 linux/arm/v5")]
    [InlineData("riscv64", 0, "linux/amd64 linux/riscv64", "linux/riscv64")]
    public void Candidates_OfAMachine_AreThoseItRunsBestFirst(string architecture, int level, string there, string expected)
    {
        var index = new ImageIndex { Manifests = [.. there.Split(' ').Select(p => Entry(MediaTypes.OciManifest, p))] };
        Assert.Equal(expected, string.Join(' ', ManifestSelector.Candidates(index, PlatformOrder.For(architecture, level)).Select(Name)));
    }

    [Fact]
    public void Candidates_WithoutPlatform_ComeLastInTheirOrder()
    {
        var index = new ImageIndex
        {
            Manifests =
            [
                new Descriptor { MediaType = MediaTypes.OciIndex, Digest = s_digest, Size = 1 },
                Entry("application/vnd.other+json", "linux/amd64"),
                Entry(MediaTypes.DockerManifest, "linux/amd64"),
                new Descriptor { MediaType = MediaTypes.OciManifest, Digest = s_digest, Size = 2 },
            ],
        };
        Assert.Equal(["linux/amd64", "1", "2"], ManifestSelector.Candidates(index, PlatformOrder.For("amd64", 1)).Select(Name));
    }

    [Fact]
    public void Candidates_OsVersion_IsNotLookedAt()
    {
        var entry = Entry(MediaTypes.OciManifest, "linux/amd64");
        var index = new ImageIndex { Manifests = [entry with { Platform = entry.Platform! with { OsVersion = "99.1" } }] };
        Assert.Single(ManifestSelector.Candidates(index, PlatformOrder.For("amd64", 1)));
    }

    [Fact]
    public void NothingFits_NamesWhatThereIs()
    {
        var index = new ImageIndex { Manifests = [Entry(MediaTypes.OciManifest, "plan9/mips/v2")] };
        Assert.Equal("no manifest for linux/amd64; there are plan9/mips/v2", ManifestSelector.NothingFits(index, PlatformOrder.For("amd64", 2)).Message);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("flags : sse2 cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3", 2)]
    [InlineData(V3Flags, 3)]
    [InlineData(V3Flags + " avx512f", 3)]
    [InlineData(V3Flags + " avx512f avx512bw avx512cd avx512dq avx512vl", 4)]
    [InlineData("flags : avx avx2 bmi1 bmi2 f16c fma abm movbe", 1)]
    public void CpuLevel_OfFlags_NeedsAllOfALevel(string line, int expected) => Assert.Equal(expected, CpuLevel.Of(line));

    private static Descriptor Entry(string type, string platform)
    {
        var parts = platform.Split('/');
        return new Descriptor
        {
            MediaType = type,
            Digest = s_digest,
            Size = 0,
            Platform = new Platform { Os = parts[0], Architecture = parts[1], Variant = parts.ElementAtOrDefault(2) },
        };
    }

    private static string Name(Descriptor entry) => entry.Platform is { } p ? $"{p.Os}/{p.Architecture}{(p.Variant is null ? "" : "/" + p.Variant)}" : $"{entry.Size}";
}
