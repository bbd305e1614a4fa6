using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>Removal of a folder with all that is in it, by descriptors only: no name is followed, whatever a container left there.</summary>
public static class FolderTree
{
    // A container can nest folders without end: deeper ones are moved up, so that neither the stack nor the table of fds runs out.
    private const int MaxDepth = 64;

    /// <summary>Removes <paramref name="name"/> in <paramref name="parent"/>, be it a file or a folder. What is not there is no error.</summary>
    /// <param name="name">One component, ending in NUL.</param>
    public static void Remove(SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        if (RemoveFile(parent, name))
        {
            return;
        }

        // Each pass opens the folder anew: a descriptor remembers how far it was read.
        for (var moved = true; moved;)
        {
            using var folder = OpenFolder(parent, name);
            moved = RemoveContents(folder, folder, 0);
        }

        RemoveFolder(parent, name);
    }

    /// <summary>Removes the file or folder at an absolute path that is ours.</summary>
    public static void Remove(string path)
    {
        using var parent = Fd.Open(Path.GetDirectoryName(path)!, O_PATH | O_DIRECTORY);
        Remove(parent, NulTerminated.FromString(Path.GetFileName(path)));
    }

    /// <returns>True when folders were moved to the top, where they still have to be removed.</returns>
    private static bool RemoveContents(SafeFileHandle top, SafeFileHandle folder, int depth)
    {
        var moved = false;
        var entries = new FolderEntries(folder);
        while (entries.MoveNext())
        {
            if (!entries.MayBeFolder || RemoveFolderIfEmpty(folder, entries.Name) is Errno.ENOTDIR)
            {
                Check.Tolerate(unlinkat(folder, entries.Name, 0), Errno.ENOENT, "unlinkat");
            }
            else if (depth >= MaxDepth)
            {
                moved |= MoveToTop(top, folder, entries.Name);
            }
            else if (TryOpenFolder(folder, entries.Name) is { } child)
            {
                using (child)
                {
                    moved |= RemoveContents(top, child, depth + 1);
                }

                RemoveFolder(folder, entries.Name);
            }
        }

        return moved;
    }

    /// <summary>Under a name that nobody else has chosen. False when it is gone already.</summary>
    private static bool MoveToTop(SafeFileHandle top, SafeFileHandle folder, ReadOnlySpan<byte> name) =>
        Check.Tolerate(renameat(folder, name, top, NulTerminated.FromString($".crishim-{Guid.NewGuid():N}")), Errno.ENOENT, "renameat");

    /// <summary>True when it was a file (or nothing); false when it is a folder.</summary>
    private static bool RemoveFile(SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        if (unlinkat(parent, name, 0) == 0)
        {
            return true;
        }

        return Check.LastErrno switch
        {
            Errno.ENOENT => true,
            Errno.EISDIR or Errno.EPERM => false,
            var errno => throw new LinuxException(errno, "unlinkat", NulTerminated.ToText(name)),
        };
    }

    private static Errno RemoveFolderIfEmpty(SafeFileHandle parent, ReadOnlySpan<byte> name) =>
        unlinkat(parent, name, AT_REMOVEDIR) == 0 ? Errno.None : Check.LastErrno;

    private static void RemoveFolder(SafeFileHandle parent, ReadOnlySpan<byte> name) =>
        Check.Tolerate(unlinkat(parent, name, AT_REMOVEDIR), Errno.ENOENT, "unlinkat", NulTerminated.ToText(name));

    private static SafeFileHandle OpenFolder(SafeFileHandle parent, ReadOnlySpan<byte> name) =>
        Check.Result(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), "openat", NulTerminated.ToText(name));

    private static SafeFileHandle? TryOpenFolder(SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        var folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        if (!folder.IsInvalid)
        {
            return folder;
        }

        var errno = Check.LastErrno;
        folder.Dispose();
        return errno == Errno.ENOENT ? null : throw new LinuxException(errno, "openat", NulTerminated.ToText(name));
    }
}
