using System.Text;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Security;

/// <summary>Kernel settings that belong to a namespace.</summary>
internal static class Sysctl
{
    private static readonly string[] s_ipc =
    [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];

    /// <summary>True when the setting belongs to a namespace that is not the host's.</summary>
    public static bool IsAllowed(string name, IReadOnlySet<string> namespaces)
    {
        var path = ToPath(name);
        var dotted = Swap(path);
        return path.Split('/').All(part => part is not ("" or "." or ".."))
            && ((Array.IndexOf(s_ipc, dotted) >= 0 || dotted.StartsWith("fs.mqueue.", StringComparison.Ordinal)) ? namespaces.Contains("ipc")
                : dotted.StartsWith("net.", StringComparison.Ordinal) ? namespaces.Contains("network")
                : dotted.StartsWith("user.", StringComparison.Ordinal) ? namespaces.Contains("user")
                : dotted == "kernel.domainname" && namespaces.Contains("uts"));
    }

    /// <summary>
    /// Writes through a procfs of our own that is attached nowhere, so that nothing a container does to its /proc can redirect the
    /// write (CVE-2025-52881). The settings are those of the calling process's namespaces.
    /// </summary>
    public static void Apply(IReadOnlyDictionary<string, string>? settings)
    {
        if (settings is null or { Count: 0 })
        {
            return;
        }

        using var proc = new RootFd(DetachedMount.Create("proc", "proc", [], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
        foreach (var (name, value) in settings)
        {
            try
            {
                using var file = proc.Open("/sys/" + ToPath(name), O_WRONLY | O_NOFOLLOW);
                Fd.WriteAll(file, Encoding.UTF8.GetBytes(value));
            }
            catch (LinuxException e)
            {
                throw new LinuxException(e.Errno, e.Call, $"sysctl \"{name}\"");
            }
        }
    }

    /// <summary>sysctl(8): separators are dots, and a slash stands for a dot in a name, or the other way round when the first is a slash.</summary>
    internal static string ToPath(string name)
    {
        var separator = name.IndexOfAny(['.', '/']);
        return separator < 0 || name[separator] == '/' ? name : Swap(name);
    }

    private static string Swap(string text) => string.Create(text.Length, text, (result, source) =>
    {
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = source[i] switch { '.' => '/', '/' => '.', var other => other };
        }
    });
}
