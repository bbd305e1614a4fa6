using System.Text;
using CriShim.CriServer.Images.Layers;
using CriShim.Linux;
using CriShim.Oci.ImageSpec;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>
/// Folders that a layer only implies (<see cref="ImpliedFolders"/>) hide the owner, mode and attributes that the same folder has in a
/// lower layer, because overlayfs takes these from the highest layer that has it. Layers are unpacked each for itself and shared, so this
/// is set right in the container's own writable folder, on top of all of them.
/// </summary>
internal sealed class FolderAttributes : IDisposable
{
    private const uint PermissionBits = 0xfff;
    private const uint PrivateMode = 0x1C0; // 0700

    // Lowest first.
    private readonly List<SafeFileHandle> _layers;
    private readonly List<HashSet<string>> _implied;
    private readonly SafeFileHandle _target;
    private readonly RootIdMap? _ids;
    private readonly List<(byte[] Path, timespec_t Time)> _set = [];

    private FolderAttributes(IEnumerable<string> layers, IEnumerable<IReadOnlyList<byte[]>> implied, string target, RootIdMap? ids)
    {
        _layers = [.. layers.Select(layer => Fd.Open(layer, O_PATH | O_DIRECTORY | O_NOFOLLOW))];
        _implied = [.. implied.Select(paths => paths.Select(Key).ToHashSet(StringComparer.Ordinal))];
        _target = Fd.Open(target, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        _ids = ids;
    }

    /// <summary>The layer that says what a folder looks like, and whether a higher one hides that.</summary>
    private readonly record struct Source(int Layer, bool IsHidden);

    /// <param name="target">The container's own folder; not mounted yet.</param>
    /// <param name="ids">Of the container's user namespace, whose owners <paramref name="target"/> holds as the host numbers them.</param>
    public static void Restore(LayerStore layers, IReadOnlyList<Digest> diffIds, string target, RootIdMap? ids)
    {
        if (!diffIds.Skip(1).Any(diffId => layers.Find(diffId) is { ImpliedFolders: > 0 }))
        {
            return;
        }

        var implied = diffIds.Select(layers.ImpliedFoldersOf).ToList();
        using var attributes = new FolderAttributes(diffIds.Select(layers.ContentsOf), implied, target, ids);
        foreach (var path in implied.Skip(1).SelectMany(paths => paths).DistinctBy(Key).OrderBy(Key, StringComparer.Ordinal))
        {
            attributes.Restore(path);
        }

        attributes.SetTimes();
    }

    public void Dispose()
    {
        _layers.ForEach(layer => layer.Dispose());
        _target.Dispose();
    }

    private void Restore(byte[] path)
    {
        if (SourceOf(path) is not { IsHidden: true })
        {
            return;
        }

        // What is above it must be there too, and then looks as it did.
        for (var end = path.AsSpan().IndexOf((byte)'/'); end >= 0; end = NextSlash(path, end))
        {
            CopyTo(path[..end], onlyNew: true);
        }

        CopyTo(path, onlyNew: false);
    }

    private void CopyTo(byte[] path, bool onlyNew)
    {
        if (SourceOf(path) is not { } source)
        {
            return;
        }

        var (parent, name) = (OpenFolder(_target, path.AsSpan()[..Math.Max(0, path.AsSpan().LastIndexOf((byte)'/'))]), NameOf(path));
        using (parent)
        {
            if (!Check.Tolerate(mkdirat(parent, name, PrivateMode), Errno.EEXIST, "mkdirat") && onlyNew)
            {
                return;
            }

            using var from = OpenFolder(_layers[source.Layer], path);
            using var to = OpenChild(parent, name);
            _set.Add((path, Copy(from, to)));
        }
    }

    /// <returns>The time the folder shall have when all is in it.</returns>
    private timespec_t Copy(SafeFileHandle from, SafeFileHandle to)
    {
        Check.Result(statx(from, "\0"u8, AT_EMPTY_PATH, STATX_BASIC_STATS, out var stat), "statx");
        Check.Result(fchownat(to, "\0"u8, (_ids?.HostUid ?? 0) + stat.stx_uid, (_ids?.HostGid ?? 0) + stat.stx_gid, AT_EMPTY_PATH), "fchownat");
        Check.Result(fchmodat(to, ".\0"u8, stat.stx_mode & PermissionBits, 0), "fchmodat");
        EntryXattrs.Copy(from, to);
        return new timespec_t { tv_sec = stat.stx_mtime.tv_sec, tv_nsec = stat.stx_mtime.tv_nsec };
    }

    private void SetTimes()
    {
        foreach (var (path, time) in _set)
        {
            using var folder = OpenFolder(_target, path);
            Check.Result(utimensat(folder, ".\0"u8, [time, time], 0), "utimensat");
        }
    }

    /// <summary>From the highest layer down, as overlayfs looks; null where the container sees no such folder.</summary>
    private Source? SourceOf(byte[] path)
    {
        int? hidden = null;
        for (var layer = _layers.Count - 1; layer >= 0; layer--)
        {
            if (HasFolder(_layers[layer], path, out var hidesLower))
            {
                if (!_implied[layer].Contains(Key(path)))
                {
                    return new Source(layer, hidden is not null);
                }

                hidden ??= layer;
            }

            if (hidesLower)
            {
                break;
            }
        }

        return hidden is { } highest ? new Source(highest, IsHidden: false) : null;
    }

    /// <param name="hidesLower">Nothing that lower layers have at the path shows.</param>
    private static bool HasFolder(SafeFileHandle layer, byte[] path, out bool hidesLower)
    {
        hidesLower = false;
        var current = layer;
        try
        {
            foreach (var range in ((ReadOnlySpan<byte>)path).Split((byte)'/'))
            {
                var name = NulTerminated.FromBytes(path.AsSpan(range));
                if (!Check.Tolerate(statx(current, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, out var stat), Errno.ENOENT, "statx"))
                {
                    return false;
                }

                if ((stat.stx_mode & S_IFMT) != S_IFDIR)
                {
                    hidesLower = true; // whiteouts too
                    return false;
                }

                var next = OpenChild(current, name);
                Close(current, layer);
                current = next;
                hidesLower |= EntryXattrs.IsOpaque(current);
            }

            return true;
        }
        finally
        {
            Close(current, layer);
        }
    }

    private static SafeFileHandle OpenFolder(SafeFileHandle root, ReadOnlySpan<byte> path)
    {
        var current = OpenChild(root, ".\0"u8);
        foreach (var range in path.Split((byte)'/'))
        {
            if (!path[range].IsEmpty)
            {
                var next = OpenChild(current, NulTerminated.FromBytes(path[range]));
                current.Dispose();
                current = next;
            }
        }

        return current;
    }

    private static SafeFileHandle OpenChild(SafeFileHandle parent, ReadOnlySpan<byte> name) =>
        Check.Result(openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), "openat", NulTerminated.ToText(name));

    private static void Close(SafeFileHandle folder, SafeFileHandle layer)
    {
        if (folder != layer)
        {
            folder.Dispose();
        }
    }

    private static int NextSlash(byte[] path, int end) =>
        path.AsSpan(end + 1).IndexOf((byte)'/') is var next && next >= 0 ? end + 1 + next : -1;

    private static byte[] NameOf(byte[] path) => NulTerminated.FromBytes(path.AsSpan()[(path.AsSpan().LastIndexOf((byte)'/') + 1)..]);

    // Latin-1 keeps every byte.
    private static string Key(byte[] path) => Encoding.Latin1.GetString(path);
}
