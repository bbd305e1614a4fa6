using System.Collections.Frozen;
using System.Text;
using CriShim.CriServer.Images.Content;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Layers;

/// <summary>What unpacking a layer put on the disk.</summary>
/// <param name="Bytes">As the file system allots them, roughly: contents in whole blocks, one block per folder.</param>
/// <param name="Implied">Null when there are none.</param>
internal readonly record struct LayerUsage(long Bytes, long Inodes, ImpliedFolders? Implied = null);

/// <summary>
/// Unpacks one layer's archive into a folder for overlayfs. Names stay inside the folder whatever the archive says
/// (<see cref="LayerFolder"/>); a later entry replaces an earlier one of the same name, except that a whiteout never hides what its own
/// layer has.
/// </summary>
internal sealed class LayerApplier(TarReader archive, LayerFolder folder, long maxBytes)
{
    private const int DiskBlock = 4096;
    private const uint NewFileMode = 0x180; // 0600 until it is whole

    /// <summary>Errors that say something about the archive, not about the machine.</summary>
    private static readonly FrozenSet<Errno> s_archivesFault = new[]
    {
        Errno.ENOTDIR, Errno.ELOOP, Errno.ENAMETOOLONG, Errno.EXDEV, Errno.EISDIR, Errno.EEXIST, Errno.ENOENT, Errno.EPERM, Errno.EFBIG, Errno.EINVAL,
        Errno.ERANGE, Errno.EMLINK,
    }.ToFrozenSet();

    private readonly DeferredWork _deferred = new();
    private long _bytes;
    private long _inodes;

    /// <exception cref="ContentException">The archive is malformed, hostile or beyond a limit.</exception>
    /// <exception cref="LinuxException">The file system refused something.</exception>
    public LayerUsage Apply()
    {
        // The root has a time also when the archive has no entry for it: not that of the unpacking.
        _deferred.AddFolderTime(LayerPath.Root, new TarEntry());
        while (archive.ReadNext() is { } entry)
        {
            var path = LayerPath.Parse(entry.Path);
            try
            {
                ApplyEntry(entry, path);
            }
            catch (LinuxException e) when (s_archivesFault.Contains(e.Errno))
            {
                throw new ContentException($"archive entry \"{path}\" cannot be unpacked: {e.Message}", e);
            }
        }

        _deferred.Finish(folder);
        return new LayerUsage(_bytes, _inodes + folder.Implied.Count, folder.Implied.Count > 0 ? folder.Implied : null);
    }

    private void ApplyEntry(TarEntry entry, LayerPath path)
    {
        if (path.Name.AsSpan().StartsWith(Whiteouts.Prefix))
        {
            ApplyWhiteout(path);
            return;
        }

        switch (entry.Type)
        {
            case TarEntryType.Folder: MakeFolder(entry, path); break;
            case TarEntryType.File: MakeFile(entry, path); break;
            case TarEntryType.SymbolicLink: MakeSymbolicLink(entry, path); break;
            case TarEntryType.HardLink: MakeHardLink(entry, path); break;
            default: MakeNode(entry, path); break;
        }
    }

    private void MakeFolder(TarEntry entry, LayerPath path)
    {
        var parent = folder.OpenParent(path);
        if (!path.IsRoot && mkdirat(parent, path.Name, NewFileMode) < 0)
        {
            ReplaceByFolder(parent, path, Check.LastErrno);
        }

        using var fd = Check.Result(openat(parent, path.Name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), "openat");
        Check.Result(fchown(fd, entry.Uid, entry.Gid), "fchown");
        Check.Result(fchmod(fd, entry.Mode), "fchmod");
        EntryAttributes.SetXattrs(fd, entry);
        folder.Declare(fd);
        _deferred.AddFolderTime(path, entry);
        Count(DiskBlock);
    }

    private void ReplaceByFolder(SafeFileHandle parent, LayerPath path, Errno errno)
    {
        if (errno != Errno.EEXIST)
        {
            throw new LinuxException(errno, "mkdirat");
        }

        if (folder.TryGetMode(path) is { } mode && (mode & S_IFMT) == S_IFDIR)
        {
            return;
        }

        var hidesLower = folder.IsWhiteout(path);
        folder.Remove(path);
        Check.Result(mkdirat(parent, path.Name, NewFileMode), "mkdirat");
        if (hidesLower)
        {
            SetOpaque(path);
        }
    }

    private void MakeFile(TarEntry entry, LayerPath path)
    {
        // A file of holes takes no space here, but would in every copy of it.
        if (entry.StoredSize > maxBytes - _bytes || entry.Size > maxBytes)
        {
            throw new ContentException($"layer has more than {maxBytes} bytes");
        }

        using var fd = CreateFile(path);
        WriteContents(fd, entry);
        Check.Result(fchown(fd, entry.Uid, entry.Gid), "fchown");
        Check.Result(fchmod(fd, entry.Mode), "fchmod"); // after chown, which clears setuid
        EntryAttributes.SetXattrs(fd, entry);           // after chown, which clears capabilities
        EntryAttributes.SetTimes(fd, entry);
        Count((entry.StoredSize + DiskBlock - 1) / DiskBlock * DiskBlock);
    }

    private SafeFileHandle CreateFile(LayerPath path)
    {
        const int Flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        var parent = folder.OpenParent(path);
        var fd = openat(parent, path.Name, Flags, NewFileMode);
        if (fd.IsInvalid && Check.LastErrno == Errno.EEXIST)
        {
            fd.Dispose();
            folder.Remove(path);
            fd = openat(parent, path.Name, Flags, NewFileMode);
        }

        return Check.Result(fd, "openat");
    }

    private void WriteContents(SafeFileHandle fd, TarEntry entry)
    {
        if (entry.Sparse is null)
        {
            while (archive.ReadData() is { IsEmpty: false } piece)
            {
                Fd.WriteAll(fd, piece);
            }

            return;
        }

        var writer = new SparseWriter(fd, entry.Sparse);
        while (archive.ReadData() is { IsEmpty: false } piece)
        {
            writer.Write(piece);
        }

        Check.Result(ftruncate(fd, entry.Size), "ftruncate");
    }

    private void MakeSymbolicLink(TarEntry entry, LayerPath path)
    {
        if (entry.LinkTarget.Length == 0)
        {
            throw new ContentException($"archive entry \"{path}\" is a symbolic link without a target");
        }

        var target = NulTerminated.FromBytes(entry.LinkTarget);
        Create(path, parent => symlinkat(target, parent, path.Name), "symlinkat");
        EntryAttributes.SetAll(folder.OpenParent(path), path.Name, entry);
    }

    private void MakeNode(TarEntry entry, LayerPath path)
    {
        var (type, device) = entry.Type switch
        {
            TarEntryType.CharacterDevice => (S_IFCHR, makedev(entry.DeviceMajor, entry.DeviceMinor)),
            TarEntryType.BlockDevice => (S_IFBLK, makedev(entry.DeviceMajor, entry.DeviceMinor)),
            _ => (S_IFIFO, 0UL),
        };
        Create(path, parent => mknodat(parent, path.Name, type | NewFileMode, device), "mknodat");
        EntryAttributes.SetAll(folder.OpenParent(path), path.Name, entry);
    }

    private void MakeHardLink(TarEntry entry, LayerPath path)
    {
        var target = LayerPath.Parse(entry.LinkTarget);
        if (target.Full.AsSpan().SequenceEqual(path.Full))
        {
            return; // a link to itself: the file is there
        }

        if (!HardLinks.TryMake(folder, target, path))
        {
            _deferred.AddLink(target, path);
        }
    }

    /// <summary>Makes a thing with no contents; what was at its name goes first.</summary>
    private void Create(LayerPath path, Func<SafeFileHandle, int> make, string call)
    {
        if (path.IsRoot)
        {
            throw new ContentException("archive replaces its root by something that is not a folder");
        }

        if (!Check.Tolerate(make(folder.OpenParent(path)), Errno.EEXIST, call))
        {
            folder.Remove(path);
            Check.Result(make(folder.OpenParent(path)), call);
        }

        Count(0);
    }

    private void ApplyWhiteout(LayerPath path)
    {
        var name = path.Name.AsSpan();
        if (name.SequenceEqual(Whiteouts.OpaqueName))
        {
            LayerFolder.SetOpaque(folder.OpenParent(path));
            return;
        }

        if (name.StartsWith(Whiteouts.MetadataPrefix))
        {
            return;
        }

        var hidden = path.WithName(name[Whiteouts.Prefix.Length..^1]);
        if (hidden.Name.AsSpan().SequenceEqual("\0"u8) || hidden.IsRoot || hidden.Name.AsSpan().SequenceEqual("..\0"u8))
        {
            throw new ContentException($"archive has an invalid whiteout: \"{Encoding.UTF8.GetString(name[..^1])}\"");
        }

        if (Check.Tolerate(mknodat(folder.OpenParent(path), hidden.Name, S_IFCHR, 0), Errno.EEXIST, "mknodat"))
        {
            Count(0);
        }
        else if (folder.TryGetMode(hidden) is { } mode && (mode & S_IFMT) == S_IFDIR)
        {
            SetOpaque(hidden); // this layer's own folder stays, the lower one's contents go
        }
    }

    private void SetOpaque(LayerPath path)
    {
        using var fd = Check.Result(
            openat(folder.OpenParent(path), path.Name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), "openat");
        LayerFolder.SetOpaque(fd);
    }

    private void Count(long bytes)
    {
        _bytes += bytes;
        _inodes++;
    }
}
