using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Archives;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Registry;
using CriShim.CriServer.Images.Signatures;
using CriShim.CriServer.Images.Snapshots;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images;

/// <summary>The objects of the image service in dependency order, made by <see cref="Open"/> from what is on disk.</summary>
internal sealed class ImageServices : IAsyncDisposable
{
    private readonly FolderRemoval _removal;
    private readonly LayerSync _sync;
    private readonly RegistryHttp _http;
    private readonly ImagePuller _puller;
    private readonly SnapshotStore _snapshots;
    private readonly WritableUsage _writable;
    private readonly SignatureStore _signatures;

    private ImageServices(string root, ImageOptions options, TimeProvider time, ILoggerFactory logs)
    {
        var imagesFolder = Path.Combine(root, "images");
        _removal = new FolderRemoval(logs.CreateLogger<FolderRemoval>());
        Layers = new LayerStore(Path.Combine(root, "layers"));
        _sync = new LayerSync(Layers, logs.CreateLogger<LayerSync>());
        _http = new RegistryHttp(options, time);
        var blobs = new BlobStore(imagesFolder);
        Store = new ImageStore(blobs, new ImageIndexFile(imagesFolder), Layers, _removal, options, time, logs.CreateLogger<ImageStore>());
        _signatures = new SignatureStore(Path.Combine(root, "signatures"));
        Signatures = new SignatureCheck(ReadPolicy(options), _signatures);
        var fetcher = new LayerFetcher(Layers, options, logs.CreateLogger<LayerFetcher>());
        var missing = new MissingLayers(Layers, fetcher, options);
        var hosts = new RegistryHosts(options);
        _puller = new ImagePuller(
            Store, Layers, missing, _sync, _removal, hosts, _http, Signatures, options, time, logs.CreateLogger<ImagePuller>());
        var snapshotsFolder = Path.Combine(root, "snapshots");
        var snapshotsLog = logs.CreateLogger<SnapshotStore>();
        var backend = SnapshotBackends.Choose(snapshotsFolder, options, snapshotsLog);
        var quota = SnapshotQuota.Open(snapshotsFolder, options, backend, snapshotsLog);
        _snapshots = new SnapshotStore(snapshotsFolder, Layers, backend, quota, _removal, Store.ForgetBroken, snapshotsLog);
        _writable = new WritableUsage(_snapshots, time);
        Pull = new PullImage(_puller);
        Watch = new WatchedPull(_puller, time);
        Import = new ImportImages(Store, Layers, missing, _sync, _removal, Signatures, options);
        Export = new ExportImages(Store, blobs, Layers, _removal);
        Explain = new ExplainPull(Store, hosts, Signatures, options);
        Remove = new RemoveImage(Store, logs.CreateLogger<RemoveImage>());
        List = new ListImages(Store);
        Status = new ImageStatusQuery(Store);
        FsInfo = new ImageFsInfoQuery(Layers, blobs, _writable, root, time);
    }

    public ImageStore Store { get; }

    public LayerStore Layers { get; }

    public ISnapshotter Snapshots => _snapshots;

    public SignatureCheck Signatures { get; }

    public PullImage Pull { get; }

    public WatchedPull Watch { get; }

    public ImportImages Import { get; }

    public ExportImages Export { get; }

    public ExplainPull Explain { get; }

    public RemoveImage Remove { get; }

    public ListImages List { get; }

    public ImageStatusQuery Status { get; }

    public ImageFsInfoQuery FsInfo { get; }

    /// <summary>Reads images, layers and snapshots; what a killed server left half made is deleted behind the caller's back.</summary>
    /// <param name="root">Folder of what outlives a reboot; there must be no other server on it.</param>
    /// <exception cref="CriException">The signature policy cannot be read.</exception>
    public static ImageServices Open(string root, ImageOptions options, TimeProvider time, ILoggerFactory logs)
    {
        var services = new ImageServices(root, options, time, logs);
        var rubbish = services.Layers.Initialize().ToList();
        services.Store.Load();
        rubbish.AddRange(services._snapshots.Load());
        rubbish.AddRange(services.Layers.Release([])); // layers of pulls that never ended
        services._removal.Request(rubbish);
        services._signatures.RemoveExcept(SignatureCheck.StoredNames(services.Store.List()));
        services._sync.Request();
        services._writable.Read();
        return services;
    }

    private static SignaturePolicy? ReadPolicy(ImageOptions options)
    {
        try
        {
            return options.SignaturePolicy.Length > 0 ? PolicyFile.Read(options.SignaturePolicy) : null;
        }
        catch (FormatException e)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, e.Message, e);
        }
    }

    /// <summary>Ends pulls in progress, finishes deletions and syncs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _puller.DisposeAsync();
        _http.Dispose();
        await _writable.DisposeAsync();
        await _sync.DisposeAsync();
        await _removal.DisposeAsync();
    }
}
