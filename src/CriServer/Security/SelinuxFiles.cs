using System.Text;
using CriShim.CriServer.Errors;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Xattr;

namespace CriShim.CriServer.Security;

/// <summary>Gives files an SELinux context (setfilecon(3)), by descriptors: no link is followed out of the tree.</summary>
internal static class SelinuxFiles
{
    private const int MaxDepth = 256;
    private const int LabelBytes = 256;
    private static readonly byte[] s_name = [.. "security.selinux\0"u8];

    /// <summary>Folders of the host that are never a volume's alone: relabelled, they would be lost to the host (CVE-2021-43816).</summary>
    private static readonly HashSet<string> s_ofTheHost = new(StringComparer.Ordinal)
    {
        "/", "/bin", "/boot", "/dev", "/etc", "/etc/passwd", "/etc/pki", "/etc/shadow", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc",
        "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/log", "/var/run", "/var/tmp",
    };

    /// <summary>One file of ours.</summary>
    public static void Label(string path, string label)
    {
        using var file = Fd.Open(path, O_PATH | O_NOFOLLOW);
        Set(file, label, path);
    }

    /// <summary>A volume with all that is in it. One whose top has the context already is left as it is: it was done before.</summary>
    /// <param name="path">Absolute, without links.</param>
    /// <param name="field">For errors.</param>
    /// <exception cref="CriException">InvalidArgument: a path of the host's.</exception>
    public static void LabelTree(string path, string label, string field)
    {
        if (s_ofTheHost.Contains(path) || path.StartsWith("/proc/", StringComparison.Ordinal) || path.StartsWith("/sys/", StringComparison.Ordinal)
            || path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/usr/", StringComparison.Ordinal))
        {
            throw CriException.InvalidArgument($"{field}: \"{path}\" belongs to the host and cannot be relabelled");
        }

        using var top = Fd.Open(path, O_PATH | O_NOFOLLOW);
        if (Get(top) == label)
        {
            return;
        }

        // The top last: a run that was broken off is seen to be.
        LabelContents(top, label, path, 0);
        Set(top, label, path);
    }

    private static void LabelContents(SafeFileHandle place, string label, string path, int depth)
    {
        if ((FileStat.Of(place).stx_mode & S_IFMT) != S_IFDIR)
        {
            return;
        }

        if (depth > MaxDepth)
        {
            throw new LinuxException(Errno.ELOOP, "setxattr", path);
        }

        using var folder = Fd.OpenAt(place, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        var entries = new FolderEntries(folder);
        while (entries.MoveNext())
        {
            using var entry = openat(folder, entries.Name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
            if (!entry.IsInvalid)
            {
                LabelContents(entry, label, path, depth + 1);
                Set(entry, label, path);
            }
        }
    }

    // A descriptor that only names its file takes no attributes: the name of the descriptor does (open(2), O_PATH).
    private static byte[] NameOf(SafeFileHandle file) => NulTerminated.FromString($"/proc/self/fd/{file.DangerousGetHandle()}");

    private static void Set(SafeFileHandle file, string label, string path)
    {
        if ((FileStat.Of(file).stx_mode & S_IFMT) == S_IFLNK)
        {
            return; // a link's own context decides nothing
        }

        var value = Encoding.UTF8.GetBytes(label + "\0");
        Check.Tolerate(setxattr(NameOf(file), s_name, value, value.Length, 0), Errno.EOPNOTSUPP, "setxattr", path);
    }

    private static string? Get(SafeFileHandle file)
    {
        var value = new byte[LabelBytes];
        var length = getxattr(NameOf(file), s_name, value, value.Length);
        return length < 0 ? null : Encoding.UTF8.GetString(value, 0, (int)length).TrimEnd('\0');
    }
}
