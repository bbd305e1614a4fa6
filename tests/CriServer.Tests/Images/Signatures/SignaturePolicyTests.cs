using CriShim.CriServer.Images;
using CriShim.CriServer.Images.Signatures;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Images.Signatures;

public sealed class SignaturePolicyTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_DebiansOwnPolicy_AcceptsAnything()
    {
        var policy = Read("""
            {"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker-daemon":{"":[{"type":"insecureAcceptAnything"}]}}}
            """);
        Assert.IsType<AcceptAnything>(Assert.Single(policy.For(ImageReference.Parse("busybox")).Requirements));
    }

    [Theory]
    [InlineData("[]", "$ is not an object")]
    [InlineData("""{"transports":{}}""", "$ has no \"default\"")]
    [InlineData("""{"default":[]}""", "$.default lists no requirement")]
    [InlineData("""{"default":[{"type":"reject"}],"other":1}""", "$.other is not known")]
    [InlineData("""{"default":[{"type":"reject"}],"default":[{"type":"reject"}]}""", "$ has a key twice")]
    [InlineData("""{"default":[{}]}""", "$.default[0] has no \"type\"")]
    [InlineData("""{"default":[{"type":"signedBy"}]}""", "$.default[0] is of type \"signedBy\", which is not supported")]
    [InlineData("""{"default":[{"type":"reject","x":1}]}""", "$.default[0].x is not known")]
    [InlineData("""{"default":[{"type":"reject"}],"transports":{"docker":{"h.io/a/":[{"type":"reject"}]}}}""", "$.transports.docker[\"h.io/a/\"] is no scope")]
    [InlineData("""{"default":[{"type":"reject"}],"transports":{"docker":{"*.h/a":[{"type":"reject"}]}}}""", "$.transports.docker[\"*.h/a\"] is no scope")]
    [InlineData("""{"default":[{"type":"sigstoreSigned"}]}""", "$.default[0] has no key")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","keyPath":"/none/key"}]}""", "$.default[0].keyPath ")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","keyData":"eA=="}]}""", "$.default[0].keyData not a public key in PEM")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","fulcio":{}}]}""", "$.default[0].fulcio is not supported")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","signedIdentity":{"type":"odd"}}]}""", "$.default[0].signedIdentity is of the unknown type \"odd\"")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","signedIdentity":{"type":"exactReference","dockerReference":"a"}}]}""", "$.default[0].signedIdentity has an invalid \"dockerReference\"")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","signedIdentity":{"type":"remapIdentity","prefix":"h.io"}}]}""", "$.default[0].signedIdentity has no \"signedPrefix\"")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","signedIdentity":{"type":"matchExact","x":"y"}}]}""", "$.default[0].signedIdentity has the unknown key \"x\"")]
    [InlineData("{", "failed to read signature policy")]
    public void Read_Mistake_IsNamedWithItsPlace(string json, string error) =>
        Assert.Contains(error, Assert.Throws<FormatException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("registry.example.com:5000/team/app:1", "tag")]
    [InlineData("registry.example.com:5000/team/app:2", "repository")]
    [InlineData("registry.example.com:5000/team/other", "team")]
    [InlineData("registry.example.com:5000/x", "host")]
    [InlineData("registry.example.com/x", "wildcard")]
    [InlineData("a.b.example.com/x", "wildcard")]
    [InlineData("example.com/x", "transport")]
    [InlineData("busybox", "official")]
    [InlineData("someone/busybox", "transport")]
    public void For_Name_TakesTheMostSpecificScope(string name, string expected)
    {
        string[] scopes =
        [
            "registry.example.com:5000/team/app:1", "registry.example.com:5000/team/app", "registry.example.com:5000/team", "registry.example.com:5000",
            "*.example.com", "", "docker.io/library",
        ];
        string[] labels = ["tag", "repository", "team", "host", "wildcard", "transport", "official"];
        var policy = new SignaturePolicy(
            "p", new PolicyScope("default", []), scopes.Zip(labels).ToDictionary(s => s.First, s => new PolicyScope(s.Second, [])));
        Assert.Equal(expected, policy.For(ImageReference.Parse(name)).Place);
    }

    [Theory]
    [InlineData("matchExact", "h.io/a:1", "h.io/a:1", true)]
    [InlineData("matchExact", "h.io/a:1", "h.io/a", false)]
    [InlineData("matchExact", "h.io/a:1", "h.io/a:2", false)]
    [InlineData("matchRepoDigestOrExact", "h.io/a:1", "h.io/a:1", true)]
    [InlineData("matchRepoDigestOrExact", "h.io/a:1", "h.io/a", false)]
    [InlineData("matchRepoDigestOrExact", "h.io/a@DIGEST", "h.io/a:7", true)]
    [InlineData("matchRepoDigestOrExact", "h.io/a@DIGEST", "h.io/b:7", false)]
    [InlineData("matchRepository", "h.io/a:1", "h.io/a", true)]
    [InlineData("matchRepository", "h.io/a:1", "h.io/a:2", true)]
    [InlineData("matchRepository", "h.io/a:1", "h.io/a/b", false)]
    [InlineData("exactReference\",\"dockerReference\":\"busybox:1", "h.io/a:1", "docker.io/library/busybox:1", true)]
    [InlineData("exactReference\",\"dockerReference\":\"busybox:1", "busybox:1", "busybox:2", false)]
    [InlineData("exactRepository\",\"dockerRepository\":\"busybox", "h.io/a:1", "busybox", true)]
    [InlineData("exactRepository\",\"dockerRepository\":\"busybox", "h.io/a:1", "h.io/a:1", false)]
    [InlineData("remapIdentity\",\"prefix\":\"mirror.io/x\",\"signedPrefix\":\"h.io", "mirror.io/x/a:1", "h.io/a:1", true)]
    [InlineData("remapIdentity\",\"prefix\":\"mirror.io/x\",\"signedPrefix\":\"h.io", "mirror.io/xy/a:1", "h.io/a:1", false)]
    [InlineData("remapIdentity\",\"prefix\":\"mirror.io/x\",\"signedPrefix\":\"h.io", "other.io/a:1", "other.io/a:1", true)]
    public void Matches_Identity_AsThePolicySays(string type, string asked, string signed, bool expected)
    {
        var key = _folder.Write("key.pem", SignedRepository.NewKey().ExportSubjectPublicKeyInfoPem());
        var policy = Read($$$"""{"default":[{"type":"sigstoreSigned","keyPath":"{{{key}}}","signedIdentity":{"type":"{{{type}}}"}}]}""");
        var identity = Assert.IsType<SigstoreSigned>(policy.Default.Requirements[0]).Identity;
        var reference = ImageReference.Parse(asked.Replace("DIGEST", "sha256:" + new string('a', 64), StringComparison.Ordinal));
        Assert.True(SignedName.TryParse(signed, out var name));
        Assert.Equal(expected, identity.Matches(SignedName.Of(reference), name));
    }

    private SignaturePolicy Read(string json) => PolicyFile.Read(_folder.Write("policy.json", json));
}
