using CriShim.Linux;
using CriShim.Runtime.Rootfs;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Containers;

/// <summary>
/// What an init in a user namespace cannot reach: its root there owns no file of the host, so folders above a volume or a root that only
/// root may pass are closed to it, and it may not map owners. That is done here, on detached mounts.
/// </summary>
internal sealed class OutsideMounts : IDisposable
{
    private readonly List<SafeFileHandle> _sources = [];
    private SafeFileHandle? _opened;

    private OutsideMounts(SafeFileHandle? rootfs) => Rootfs = rootfs;

    /// <summary>The root as given or opened; null: the init opens it.</summary>
    public SafeFileHandle? Rootfs { get; private set; }

    /// <summary>Of the bind mounts, in the spec's order; empty: the init opens them.</summary>
    public IReadOnlyList<SafeFileHandle> Sources => _sources;

    public static OutsideMounts Open(ContainerRequest request)
    {
        var result = new OutsideMounts(request.Rootfs);
        if (request.Spec.Linux?.Namespaces?.Any(item => item.Type == "user") is not true)
        {
            return result;
        }

        try
        {
            result.OpenAll(request);
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
        _sources.ForEach(source => source.Dispose());
        _opened?.Dispose();
    }

    private void OpenAll(ContainerRequest request)
    {
        if (Rootfs is null)
        {
            _opened = DetachedMount.Clone(Path.GetFullPath(request.Spec.Root!.Path, request.BundlePath), recursive: true);
            Rootfs = _opened;
        }

        using var idMapper = new IdMapper();
        foreach (var mount in request.Spec.Mounts ?? [])
        {
            var options = MountOptions.Parse(mount);
            if (options.IsBind)
            {
                var source = DetachedMount.Clone(Path.GetFullPath(mount.Source ?? "", request.BundlePath), options.IsRecursiveBind);
                _sources.Add(source);
                idMapper.Apply(source, mount, options);
            }
        }
    }
}
