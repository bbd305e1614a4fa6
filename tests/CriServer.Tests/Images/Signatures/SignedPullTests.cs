using System.Security.Cryptography;
using CriShim.Api.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Tests.Images.Signatures;

/// <summary>Pulls under a policy that wants signatures of one key for one repository and rejects another.</summary>
public sealed class SignedPullTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly FakeRegistry _registry = new();
    private readonly ECDsa _key = SignedRepository.NewKey();
    private readonly SignedRepository _signatures;
    private readonly ImageStack _stack;

    public SignedPullTests()
    {
        _signatures = new SignedRepository(_registry, "app");
        _folder.Write("key.pem", _key.ExportSubjectPublicKeyInfoPem());
        var policy = _folder.Write("policy.json", $$$"""
            {"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{
              "{{{_registry.Host}}}/app":[{"type":"sigstoreSigned","keyPath":"{{{_folder["key.pem"]}}}","signedIdentity":{"type":"matchRepository"}}],
              "{{{_registry.Host}}}/bad":[{"type":"reject"}]}} }
            """);
        _stack = new ImageStack(new ImageOptions { SignaturePolicy = policy });
        _registry.Push("app", "v1", new TarBuilder().File("f", "x").Build());
    }

    private string Image => $"{_registry.Host}/app:v1";

    private string Repository => $"{_registry.Host}/app";

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _registry.DisposeAsync();
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Pull_Signed_IsAccepted_AndItsContainersToo()
    {
        _signatures.Sign("v1", _key, Repository);
        var id = await _stack.PullAsync(Image);
        await _stack.RestartAsync();
        var check = _stack.Services.Signatures;
        var image = _stack.Services.Store.Find(id)!;
        check.RequireForContainer(image, Image);
        check.RequireForContainer(image, "");
        Directory.Delete(Path.Combine(_stack.Root, "signatures"), recursive: true);
        var e = Assert.Throws<CriException>(() => check.RequireForContainer(image, Image));
        Assert.StartsWith("SignatureValidationFailed", e.Message, StringComparison.Ordinal);
        Assert.Equal(CriErrorKind.Unknown, e.Kind);
    }

    [Fact]
    public async Task Pull_SameImageUnsignedElsewhere_ChangesNothing()
    {
        _signatures.Sign("v1", _key, Repository);
        var id = await _stack.PullAsync(Image);
        foreach (var path in _registry.Contents.Keys.Where(path => path.StartsWith("app/", StringComparison.Ordinal) && !path.Contains(".sig", StringComparison.Ordinal)).ToList())
        {
            _registry.Contents["app/copy" + path[3..]] = _registry.Contents[path];
        }

        await RefusedAsync($"{Repository}/copy:v1", "none exists");
        _stack.Services.Signatures.RequireForContainer(_stack.Services.Store.Find(id)!, Image);
    }

    [Fact]
    public async Task Pull_SignedIndex_CountsForItsManifest()
    {
        var manifest = _registry.Contents["app/manifests/v1"].Bytes;
        var inner = FakeRegistry.Descriptor(MediaTypes.OciManifest, BlobIngest.DigestOf(manifest), manifest.Length);
        _registry.Manifest("app", "multi", MediaTypes.OciIndex, $$"""{"schemaVersion":2,"manifests":[{{inner}}]}""");
        _signatures.Sign("multi", _key, Repository);
        var id = await _stack.PullAsync($"{Repository}:multi");
        _stack.Services.Signatures.RequireForContainer(_stack.Services.Store.Find(id)!, null);
        await RefusedAsync(Image, "none exists");
    }

    [Fact]
    public async Task Pull_Unsigned_IsRefusedBeforeAnythingIsUnpacked()
    {
        await RefusedAsync(Image, "a signature was required, but none exists");
        Assert.DoesNotContain(_registry.Requests, r => r.Path.Contains("/blobs/", StringComparison.Ordinal));
        Assert.Empty(_stack.LayerFolders);
    }

    [Fact]
    public async Task Pull_WrongKey_IsRefused()
    {
        using var other = SignedRepository.NewKey();
        _signatures.Sign("v1", other, Repository);
        await RefusedAsync(Image, "not made by a key of the policy");
    }

    [Fact]
    public async Task Pull_TamperedPayload_IsRefused()
    {
        _signatures.Sign("v1", _key, Repository, change: payload => [.. payload, (byte)'\n']);
        await RefusedAsync(Image, "not made by a key of the policy");
    }

    [Fact]
    public async Task Pull_SignatureOfAnotherImage_IsRefused()
    {
        _signatures.Sign("v1", _key, Repository, signed: BlobIngest.DigestOf("other"u8));
        await RefusedAsync(Image, "it is of another image");
    }

    [Fact]
    public async Task Pull_SignatureForAnotherName_IsRefused()
    {
        _signatures.Sign("v1", _key, $"{_registry.Host}/other");
        await RefusedAsync(Image, "it is for the name");
    }

    [Fact]
    public async Task Pull_SignatureThatSaysMoreThanIsUnderstood_IsRefused()
    {
        _signatures.Sign("v1", _key, Repository, extra: ""","until":"2020" """);
        await RefusedAsync(Image, "payload cannot be read");
    }

    [Fact]
    public async Task Pull_Rejected_IsRefused()
    {
        _registry.Push("bad", "v1", new TarBuilder().File("f", "x").Build());
        await RefusedAsync($"{_registry.Host}/bad:v1", "the policy rejects it");
    }

    [Fact]
    public async Task Pull_OtherRepository_NeedsNoSignature()
    {
        _registry.Push("free", "v1", new TarBuilder().File("f", "x").Build());
        var id = await _stack.PullAsync($"{_registry.Host}/free:v1");
        _stack.Services.Signatures.RequireForContainer(_stack.Services.Store.Find(id)!, $"{_registry.Host}/free:v1");
    }

    [Fact]
    public async Task Open_PolicyThatCannotBeRead_IsRefused()
    {
        await using var stack = new ImageStack();
        var options = stack.Options with { SignaturePolicy = _folder["none.json"] };
        var e = Assert.Throws<CriException>(() => ImageServices.Open(
            _folder["root2"], options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance));
        Assert.StartsWith("failed to read signature policy", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_TellsScopeAndHosts()
    {
        var plan = _stack.Services.Explain.Execute(new ExplainRequest { Reference = Image });
        Assert.Equal(_folder["policy.json"], plan.PolicyFile);
        Assert.Contains($"by $.transports.docker[\"{Repository}\"]", plan.Policy, StringComparison.Ordinal);
        Assert.Equal($"http://{_registry.Host}/v2", plan.Hosts[0].Address);
        Assert.True(plan.Hosts[0].GetsCredentials);
    }

    private async Task RefusedAsync(string image, string cause)
    {
        var e = await _stack.PullFailsAsync(image);
        Assert.StartsWith("SignatureValidationFailed: failed to pull image", e.Message, StringComparison.Ordinal);
        Assert.Contains(cause, e.Message, StringComparison.Ordinal);
        Assert.Equal(CriErrorKind.Unknown, e.Kind); // the kubelet takes the text as it is only then
        Assert.Null(_stack.Status(image));
    }
}
