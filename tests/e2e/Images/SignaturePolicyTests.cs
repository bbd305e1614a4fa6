using System.Net.Http.Headers;
using System.Text;
using CriShim.Cri.V1;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>A server with a policy that wants signatures by one key of openssl, and a registry with good and bad ones.</summary>
public sealed class SignaturePolicyTests : IAsyncLifetime
{
    private const int Unknown = 2;

    private readonly LeakCheck _leaks = new();
    private readonly TempFolder _folder = new("crishim-policy-");
    private RegistryProcess? _registry;
    private ServerProcess? _server;

    private string Host => _registry!.Host;

    public async Task InitializeAsync()
    {
        _registry = await RegistryProcess.StartAsync();
        foreach (var key in new[] { "good", "other" })
        {
            Command.Output("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", _folder.Combine(key));
            Command.Output("openssl", "pkey", "-in", _folder.Combine(key), "-pubout", "-out", _folder.Combine($"{key}.pub"));
        }

        await WritePolicyAsync("good");
        _server = await ServerProcess.StartAsync($$$"""{"images":{"signaturePolicy":"{{{_folder.Combine("policy.json")}}}"}}""");
    }

    public async Task DisposeAsync()
    {
        await _server!.DisposeAsync();
        _registry!.Dispose();
        _folder.Dispose();
        await _leaks.AssertCleanAsync();
    }

    [Fact]
    public async Task Pull_AndCreate_AsThePolicySays()
    {
        await RefusedAsync(await PushAsync("unsigned"), "none exists");
        await RefusedAsync(await PushAsync("wrong", "other"), "not made by a key of the policy");
        await RefusedAsync(await PushAsync("tampered", "good", payload => payload + " "), "not made by a key of the policy");

        var signed = await PushAsync("signed", "good");
        var id = await PullAsync(signed);
        var pod = Configs.Pod(null, NamespaceMode.Node);
        pod.LogDirectory = _folder.Combine("logs");
        var sandbox = (await _server!.Client.RuntimeAsync<RunPodSandboxResponse>(new RunPodSandboxRequest { Config = pod })).PodSandboxId;
        await CreateAsync(sandbox, pod, id, signed, "first");

        // The policy changes: what was pulled under the old one is asked about again.
        await WritePolicyAsync("other");
        await _server.RestartAsync();
        var e = await Assert.ThrowsAsync<CriCallException>(() => CreateAsync(sandbox, pod, id, signed, "second"));
        Assert.Equal(Unknown, e.Code);
        Assert.StartsWith("SignatureValidationFailed: ", e.Detail, StringComparison.Ordinal);
    }

    private async Task RefusedAsync(string image, string cause)
    {
        var e = await Assert.ThrowsAsync<CriCallException>(() => PullAsync(image));
        Assert.Equal(Unknown, e.Code);
        Assert.StartsWith("SignatureValidationFailed: ", e.Detail, StringComparison.Ordinal);
        Assert.Contains(cause, e.Detail, StringComparison.Ordinal);
    }

    private Task CreateAsync(string sandbox, PodSandboxConfig pod, string id, string asked, string name)
    {
        var container = Configs.Container(pod, id, name, "/bin/true");
        container.Image.UserSpecifiedImage = asked;
        return _server!.Client.RuntimeAsync<CreateContainerResponse>(
            new CreateContainerRequest { PodSandboxId = sandbox, Config = container, SandboxConfig = pod });
    }

    private async Task<string> PullAsync(string image) =>
        (await _server!.Client.ImageAsync<PullImageResponse>(new PullImageRequest { Image = new ImageSpec { Image = image } })).ImageRef;

    private Task WritePolicyAsync(string key) => File.WriteAllTextAsync(_folder.Combine("policy.json"), $$"""
        {"default":[{"type":"sigstoreSigned","keyPath":"{{_folder.Combine(key)}}.pub","signedIdentity":{"type":"matchRepository"} }]}
        """);

    /// <returns>The image's name.</returns>
    private async Task<string> PushAsync(string repository, string? key = null, Func<string, string>? change = null)
    {
        var digest = await ImageBuilder.Busybox().PushAsync(Host, repository, "1");
        if (key is not null)
        {
            var payload = $$$"""
                {"critical":{"identity":{"docker-reference":"{{{Host}}}/{{{repository}}}"},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"cosign container image signature"},"optional":null}
                """;
            var signature = Sign(payload, key);
            await PushSignatureAsync(repository, digest, change?.Invoke(payload) ?? payload, signature);
        }

        return $"{Host}/{repository}:1";
    }

    private string Sign(string payload, string key)
    {
        File.WriteAllText(_folder.Combine("payload"), payload);
        Command.Output("openssl", "dgst", "-sha256", "-sign", _folder.Combine(key), "-out", _folder.Combine("signature"), _folder.Combine("payload"));
        return Convert.ToBase64String(File.ReadAllBytes(_folder.Combine("signature")));
    }

    private async Task PushSignatureAsync(string repository, string digest, string payload, string signature)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Host}") };
        await ImageBuilder.PushBlobAsync(http, repository, "{}"u8.ToArray());
        await ImageBuilder.PushBlobAsync(http, repository, Encoding.UTF8.GetBytes(payload));
        using var manifest = new StringContent($$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{ImageBuilder.Digest("{}"u8)}}","size":2},
             "layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":"{{ImageBuilder.Digest(Encoding.UTF8.GetBytes(payload))}}",
                        "size":{{Encoding.UTF8.GetByteCount(payload)}},"annotations":{"dev.cosignproject.cosign/signature":"{{signature}}"} }]}
            """);
        manifest.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.oci.image.manifest.v1+json");
        using var answer = await http.PutAsync(
            new Uri($"/v2/{repository}/manifests/{digest.Replace(':', '-')}.sig", UriKind.Relative), manifest);
        answer.EnsureSuccessStatusCode();
    }
}
