using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>The image service on a temporary folder.</summary>
internal sealed class ImageStack : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private bool _disposed;

    public ImageStack(ImageOptions? options = null)
    {
        Options = (options ?? new ImageOptions()) with
        {
            RegistryConfigFolders = [_folder["certs.d"]],
            ResponseTimeoutSeconds = 2,
            ProgressTimeoutSeconds = 1,
            RetryDelayMilliseconds = 20,
        };
        Services = Open();
    }

    public ImageOptions Options { get; }

    public ImageServices Services { get; private set; }

    public TestFolder Folder => _folder;

    public string Root => _folder["root"];

    public IEnumerable<string> LayerFolders => Directory.EnumerateDirectories(Path.Combine(Root, "layers"), "sha256-*");

    public async Task<string> PullAsync(string image, AuthConfig? auth = null) =>
        (await Services.Pull.ExecuteAsync(new PullImageRequest { Image = new ImageSpec { Image = image }, Auth = auth }, CancellationToken.None)).ImageRef;

    public async Task<CriException> PullFailsAsync(string image, AuthConfig? auth = null) =>
        await Assert.ThrowsAsync<CriException>(() => PullAsync(image, auth));

    public void Remove(string image) => Services.Remove.Execute(new RemoveImageRequest { Image = new ImageSpec { Image = image } });

    public Cri.V1.Image? Status(string image) =>
        Services.Status.Execute(new ImageStatusRequest { Image = new ImageSpec { Image = image } }).Image;

    /// <summary>Another server on the same folder.</summary>
    public async Task RestartAsync(Action? between = null)
    {
        await Services.DisposeAsync();
        between?.Invoke();
        Services = Open();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await Services.DisposeAsync();
            _folder.Dispose();
        }
    }

    private ImageServices Open()
    {
        Directory.CreateDirectory(Root);
        return ImageServices.Open(Root, Options, TimeProvider.System, NullLoggerFactory.Instance);
    }
}
