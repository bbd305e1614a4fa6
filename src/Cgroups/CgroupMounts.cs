using System.Text;

namespace CriShim.Cgroups;

/// <summary>Finds the hierarchies in /proc/self/mountinfo and this process's place in them in /proc/self/cgroup.</summary>
internal static class CgroupMounts
{
    private const string NamedPrefix = "name=";

    /// <summary>
    /// v1 hierarchies in mount order, then the v2 one. Of a hierarchy mounted twice the first mount counts. Throws when there is none.
    /// </summary>
    public static IReadOnlyList<CgroupHierarchy> Parse(string mountInfo, string ownCgroups)
    {
        var ownPaths = ParseOwnPaths(ownCgroups);
        var v1 = new List<CgroupHierarchy>();
        CgroupHierarchy? v2 = null;
        foreach (var line in mountInfo.AsSpan().EnumerateLines())
        {
            if (line.Contains(" - cgroup2 ", StringComparison.Ordinal))
            {
                v2 ??= ParseV2(line.ToString(), ownPaths);
            }
            else if (line.Contains(" - cgroup ", StringComparison.Ordinal)
                && ParseV1(line.ToString(), ownPaths) is { } hierarchy
                && !v1.Exists(known => known.Controllers == hierarchy.Controllers))
            {
                v1.Add(hierarchy);
            }
        }

        if (v2 is not null)
        {
            v1.Add(v2);
        }

        return v1.Count > 0 ? v1 : throw new CgroupException("failed to find a cgroup hierarchy: none is mounted");
    }

    // "id:controllers:path" a line; v2 has id 0 and no controllers.
    private static Dictionary<string, string> ParseOwnPaths(string ownCgroups)
    {
        var paths = new Dictionary<string, string>();
        foreach (var line in ownCgroups.Split('\n'))
        {
            if (line.Split(':', 3) is [_, var controllers, var path])
            {
                paths.TryAdd(controllers, path);
            }
        }

        return paths;
    }

    private static CgroupHierarchy ParseV2(string line, Dictionary<string, string> ownPaths)
    {
        var (root, mountPoint, _) = Fields(line);
        return new CgroupHierarchy("", mountPoint, BelowMount(ownPaths.GetValueOrDefault("", "/"), root));
    }

    // The kernel lists a hierarchy's controllers among the super block's options, in any order and joined with others (noprefix, xattr);
    // /proc/self/cgroup has the same set alone.
    private static CgroupHierarchy? ParseV1(string line, Dictionary<string, string> ownPaths)
    {
        var (root, mountPoint, options) = Fields(line);
        foreach (var (controllers, path) in ownPaths)
        {
            if (controllers.Length > 0 && controllers.Split(',').All(options.Contains))
            {
                return new CgroupHierarchy(controllers, mountPoint, BelowMount(path, root));
            }
        }

        var named = options.FirstOrDefault(option => option.StartsWith(NamedPrefix, StringComparison.Ordinal));
        return named is null ? null : new CgroupHierarchy(named, mountPoint, "/");
    }

    private static (string Root, string MountPoint, string[] Options) Fields(string line)
    {
        var fields = line.Split(' ');
        return (Unescape(fields[3]), Unescape(fields[4]), fields[^1].Split(','));
    }

    // In a container without a cgroup namespace the mount shows a part of the hierarchy: its root is not "/".
    private static string BelowMount(string path, string root)
    {
        if (root == "/" || !(path + "/").StartsWith(root + "/", StringComparison.Ordinal))
        {
            return path.StartsWith("/..", StringComparison.Ordinal) ? "/" : path;
        }

        var below = path[root.Length..];
        return below.Length == 0 ? "/" : below;
    }

    // Space, tab, newline and backslash are written as three octal digits (proc_pid_mountinfo(5)).
    private static string Unescape(string field)
    {
        if (!field.Contains('\\'))
        {
            return field;
        }

        var text = new StringBuilder(field.Length);
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length)
            {
                text.Append((char)Convert.ToInt32(field.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                text.Append(field[i]);
            }
        }

        return text.ToString();
    }
}
