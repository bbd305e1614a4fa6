using System.Net;
using System.Text;
using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Images;

public sealed class RegistryAuthTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly FakeRegistry _other = new();
    private readonly ImageStack _stack = new();

    private string Image => $"{_registry.Host}/app:v1";

    public Task InitializeAsync()
    {
        _registry.Push("app", "v1", new TarBuilder().File("f", "x").Build());
        return Task.CompletedTask;
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _registry.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task Pull_AnonymousToken_IsFetchedOnceForAllRequests()
    {
        RequireToken(_registry.Host);
        await _stack.PullAsync(Image);
        var token = Assert.Single(_registry.Requests, r => r.Path == "/token");
        Assert.Null(token.Authorization);
        Assert.Equal(3, _registry.Requests.Count(r => r.Authorization == "Bearer T"));
    }

    [Theory]
    [InlineData("me", "secret", "")]
    [InlineData("", "", "bWU6c2VjcmV0")]
    public async Task Pull_Password_GoesToTheTokenServiceAsBasic(string user, string password, string auth)
    {
        RequireToken(_other.Host);
        await _stack.PullAsync(Image, new AuthConfig { Username = user, Password = password, Auth = auth });
        Assert.Equal(["Basic bWU6c2VjcmV0"], _other.Requests.Select(r => r.Authorization));
        Assert.DoesNotContain(_registry.Requests, r => r.Authorization?.StartsWith("Basic", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Pull_IdentityToken_IsPostedAsRefreshToken()
    {
        var body = "";
        RequireToken(_registry.Host, request =>
        {
            using var reader = new StreamReader(request.InputStream);
            body = request.HttpMethod + " " + reader.ReadToEnd();
        });
        await _stack.PullAsync(Image, new AuthConfig { IdentityToken = "refresh-me" });
        Assert.StartsWith("POST grant_type=refresh_token", body);
        Assert.Contains("refresh_token=refresh-me", body);
        Assert.Contains("scope=repository%3Aapp%3Apull", body);
    }

    [Fact]
    public async Task Pull_RegistryToken_IsSentAsItIs()
    {
        await _stack.PullAsync(Image, new AuthConfig { RegistryToken = "R" });
        Assert.All(_registry.Requests, r => Assert.Equal("Bearer R", r.Authorization));
    }

    [Fact]
    public async Task Pull_Basic_IsSentOnlyWhenAskedFor()
    {
        Require("Basic realm=\"r\"", "Basic bWU6c2VjcmV0");
        await _stack.PullAsync(Image, new AuthConfig { Username = "me", Password = "secret" });
        Assert.Null(_registry.Requests.First().Authorization);
    }

    [Fact]
    public async Task Pull_WrongPassword_FailsAtOnce()
    {
        Require("Basic realm=\"r\"", "Basic never");
        var error = await _stack.PullFailsAsync(Image, new AuthConfig { Username = "me", Password = "secret" });
        Assert.Contains("401", error.Message);
        Assert.DoesNotContain("secret", error.Message);
        Assert.Equal(2, _registry.Requests.Count);
    }

    [Fact]
    public async Task Pull_RedirectToBlobStore_CarriesNoCredentials()
    {
        Require("Basic realm=\"r\"", "Basic bWU6c2VjcmV0", context =>
        {
            var path = context.Request.Url!.AbsolutePath;
            if (!path.Contains("/blobs/", StringComparison.Ordinal))
            {
                return false;
            }

            context.Response.Redirect($"http://{_other.Host}{path}");
            context.Response.Close();
            return true;
        });
        foreach (var (path, content) in _registry.Contents)
        {
            _other.Contents[path] = content;
        }

        await _stack.PullAsync(Image, new AuthConfig { Username = "me", Password = "secret" });
        Assert.Equal(2, _other.Requests.Count);
        Assert.All(_other.Requests, r => Assert.Null(r.Authorization));
    }

    [Fact]
    public async Task Pull_RedirectLoop_Ends()
    {
        _registry.Intercept = context =>
        {
            context.Response.Redirect(context.Request.Url!.AbsoluteUri);
            context.Response.Close();
            return Task.FromResult(true);
        };
        Assert.Contains("redirects", (await _stack.PullFailsAsync(Image)).Message);
    }

    [Fact]
    public async Task Pull_CredentialsForMirroredRegistry_DoNotGoToTheMirror()
    {
        Require("Basic realm=\"r\"", "Basic bWU6c2VjcmV0");
        _stack.Folder.Write("certs.d/private.example/hosts.toml", $$"""
            server = "http://127.0.0.1:1"
            [host."http://{{_registry.Host}}"]
            """);
        await _stack.PullFailsAsync("private.example/app:v1", new AuthConfig { Username = "me", Password = "secret" });
        Assert.NotEmpty(_registry.Requests);
        Assert.All(_registry.Requests, r => Assert.Null(r.Authorization));
    }

    [Fact]
    public async Task Pull_CredentialsForAnotherServer_AreNotSent()
    {
        Require("Basic realm=\"r\"", "Basic bWU6c2VjcmV0");
        await _stack.PullFailsAsync(Image, new AuthConfig { Username = "me", Password = "secret", ServerAddress = "https://elsewhere.example" });
        Assert.All(_registry.Requests, r => Assert.Null(r.Authorization));
    }

    [Fact]
    public async Task Pull_AuthFieldThatIsNotBase64_IsInvalidArgument() =>
        Assert.Equal(CriErrorKind.InvalidArgument, (await _stack.PullFailsAsync(Image, new AuthConfig { Auth = "%%" })).Kind);

    [Fact]
    public async Task Pull_TokenThatRanOut_IsFetchedAgain()
    {
        var valid = "Bearer T1";
        var issued = 0;
        _registry.Intercept = context =>
        {
            if (context.Request.Url!.AbsolutePath == "/token")
            {
                valid = $"Bearer T{++issued}";
                return AnswerAsync(context, $$"""{"access_token":"T{{issued}}"}""");
            }

            if (context.Request.Headers["Authorization"] == valid)
            {
                valid = context.Request.Url!.AbsolutePath.Contains("/manifests/", StringComparison.Ordinal) ? "expired" : valid;
                return Task.FromResult(false);
            }

            return ChallengeAsync(context, $"Bearer realm=\"http://{_registry.Host}/token\"");
        };
        await _stack.PullAsync(Image);
        Assert.Equal(2, issued);
    }

    private void RequireToken(string realmHost, Action<HttpListenerRequest>? onToken = null)
    {
        var realm = realmHost == _registry.Host ? _registry : _other;
        Task<bool> Token(HttpListenerContext context)
        {
            onToken?.Invoke(context.Request);
            return AnswerAsync(context, """{"token":"T","expires_in":300}""");
        }

        if (realm != _registry)
        {
            realm.Intercept = Token;
        }

        _registry.Intercept = context => context.Request.Url!.AbsolutePath == "/token" ? Token(context)
            : context.Request.Headers["Authorization"] == "Bearer T" ? Task.FromResult(false)
            : ChallengeAsync(context, $"Bearer realm=\"http://{realmHost}/token\",service=\"s\",scope=\"repository:app:pull\"");
    }

    private void Require(string challenge, string authorization, Func<HttpListenerContext, bool>? then = null) =>
        _registry.Intercept = context => context.Request.Headers["Authorization"] == authorization
            ? Task.FromResult(then?.Invoke(context) ?? false)
            : ChallengeAsync(context, challenge);

    private static Task<bool> ChallengeAsync(HttpListenerContext context, string challenge)
    {
        context.Response.StatusCode = 401;
        context.Response.AddHeader("WWW-Authenticate", challenge);
        context.Response.Close();
        return Task.FromResult(true);
    }

    private static async Task<bool> AnswerAsync(HttpListenerContext context, string json)
    {
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(json));
        context.Response.Close();
        return true;
    }
}
