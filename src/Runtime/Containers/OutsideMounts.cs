using CriShim.Linux;
using CriShim.Runtime.Rootfs;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Containers;

/// <summary>
/// What an init in a user namespace cannot reach: its root there owns no file of the host, so folders above a volume or a root that only
/// root may pass are closed to it, and it may not map owners. That is done here, on detached mounts. Volumes that the request brings are
/// handed on. Mapping owners takes a new user namespace, which no init could make: its root is not its mount namespace's (EPERM, clone(2)).
/// </summary>
internal sealed class OutsideMounts : IDisposable
{
    private readonly Dictionary<int, SafeFileHandle> _sources = [];
    private readonly IReadOnlyDictionary<string, SafeFileHandle> _volumes;
    private SafeFileHandle? _opened;

    private OutsideMounts(ContainerRequest request)
    {
        Rootfs = request.Rootfs;
        _volumes = request.Volumes;
    }

    /// <summary>The root as given or opened; null: the init opens it.</summary>
    public SafeFileHandle? Rootfs { get; private set; }

    /// <summary>Of bind mounts, by their place in the spec; the init opens those that are missing.</summary>
    public IReadOnlyDictionary<int, SafeFileHandle> Sources => _sources;

    public static OutsideMounts Open(ContainerRequest request)
    {
        var result = new OutsideMounts(request);
        var hasUserNamespace = request.Spec.Linux?.Namespaces?.Any(item => item.Type == "user") is true;
        try
        {
            if (hasUserNamespace)
            {
                result.OpenRoot(request);
            }

            result.OpenSources(request, all: hasUserNamespace);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var source in _sources.Values.Except(_volumes.Values))
        {
            source.Dispose();
        }

        _opened?.Dispose();
    }

    private void OpenRoot(ContainerRequest request)
    {
        if (Rootfs is null)
        {
            _opened = DetachedMount.Clone(Path.GetFullPath(request.Spec.Root!.Path, request.BundlePath), recursive: true);
            Rootfs = _opened;
        }
    }

    private void OpenSources(ContainerRequest request, bool all)
    {
        using var idMapper = new IdMapper();
        var mounts = request.Spec.Mounts ?? [];
        for (var i = 0; i < mounts.Count; i++)
        {
            if (_volumes.TryGetValue(mounts[i].Source ?? "", out var volume))
            {
                _sources.Add(i, volume);
            }
            else if (MountOptions.Parse(mounts[i]) is { IsBind: true } options && (all || IdMapper.IsNeeded(mounts[i], options)))
            {
                var source = DetachedMount.Clone(Path.GetFullPath(mounts[i].Source ?? "", request.BundlePath), options.IsRecursiveBind);
                _sources.Add(i, source);
                idMapper.Apply(source, mounts[i], options);
            }
        }
    }
}
