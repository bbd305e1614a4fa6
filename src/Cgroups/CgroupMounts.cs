using System.Text;

namespace CriShim.Cgroups;

/// <summary>
/// Finds the hierarchies in /proc/self/mountinfo and this process's place in them in /proc/self/cgroup. Every supervisor does this once, in
/// a process just started: spans, because each piece of generic library code that is touched first costs page faults.
/// </summary>
internal static class CgroupMounts
{
    private const string NamedPrefix = "name=";
    private const string TypeMarker = " - cgroup";

    /// <summary>
    /// v1 hierarchies in mount order, then the v2 one. Of a hierarchy mounted twice the first mount counts. Throws when there is none.
    /// </summary>
    public static IReadOnlyList<CgroupHierarchy> Parse(string mountInfo, string ownCgroups)
    {
        var hierarchies = new List<CgroupHierarchy>();
        CgroupHierarchy? v2 = null;
        foreach (var line in mountInfo.AsSpan().EnumerateLines())
        {
            var type = line.IndexOf(TypeMarker, StringComparison.Ordinal);
            if (type < 0)
            {
                continue;
            }

            var behind = line[(type + TypeMarker.Length)..];
            if (behind.StartsWith("2 ", StringComparison.Ordinal))
            {
                v2 ??= Hierarchy(line, "", OwnPath(ownCgroups, ""));
            }
            else if (behind[0] == ' ' && ParseV1(line, behind, ownCgroups) is { } hierarchy && !Has(hierarchies, hierarchy.Controllers))
            {
                hierarchies.Add(hierarchy);
            }
        }

        if (v2 is not null)
        {
            hierarchies.Add(v2);
        }

        return hierarchies.Count > 0 ? hierarchies : throw new CgroupException("failed to find a cgroup hierarchy: none is mounted");
    }

    // The kernel lists a hierarchy's controllers among the super block's options, in any order and joined with others
    // (noprefix, xattr); a line of /proc/self/cgroup, "id:controllers:path", has the same set alone.
    private static CgroupHierarchy? ParseV1(ReadOnlySpan<char> line, ReadOnlySpan<char> behindType, string ownCgroups)
    {
        var options = behindType[(behindType.LastIndexOf(' ') + 1)..];
        foreach (var own in ownCgroups.AsSpan().EnumerateLines())
        {
            if (TryOwn(own, out var controllers, out var path) && controllers.Length > 0 && ContainsAll(options, controllers))
            {
                return Hierarchy(line, controllers, path);
            }
        }

        foreach (var range in options.Split(','))
        {
            if (options[range].StartsWith(NamedPrefix, StringComparison.Ordinal))
            {
                return Hierarchy(line, options[range], "/");
            }
        }

        return null;
    }

    private static ReadOnlySpan<char> OwnPath(string ownCgroups, string controllers)
    {
        foreach (var own in ownCgroups.AsSpan().EnumerateLines())
        {
            if (TryOwn(own, out var named, out var path) && named.SequenceEqual(controllers))
            {
                return path;
            }
        }

        return "/";
    }

    private static bool TryOwn(ReadOnlySpan<char> line, out ReadOnlySpan<char> controllers, out ReadOnlySpan<char> path)
    {
        controllers = default;
        path = default;
        var first = line.IndexOf(':');
        var second = line[(first + 1)..].IndexOf(':');
        if (first < 0 || second < 0)
        {
            return false;
        }

        controllers = line.Slice(first + 1, second);
        path = line[(first + second + 2)..];
        return true;
    }

    private static CgroupHierarchy Hierarchy(ReadOnlySpan<char> line, ReadOnlySpan<char> controllers, ReadOnlySpan<char> ownPath)
    {
        var root = Unescape(Field(line, 3));
        return new CgroupHierarchy(controllers.ToString(), Unescape(Field(line, 4)), BelowMount(ownPath.ToString(), root));
    }

    private static bool Has(List<CgroupHierarchy> hierarchies, string controllers)
    {
        foreach (var hierarchy in hierarchies)
        {
            if (hierarchy.Controllers == controllers)
            {
                return true;
            }
        }

        return false;
    }

    private static bool ContainsAll(ReadOnlySpan<char> options, ReadOnlySpan<char> controllers)
    {
        foreach (var range in controllers.Split(','))
        {
            if (!CgroupHierarchy.ListHas(options, controllers[range]))
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlySpan<char> Field(ReadOnlySpan<char> line, int index)
    {
        for (; index > 0; index--)
        {
            line = line[(line.IndexOf(' ') + 1)..];
        }

        return line[..line.IndexOf(' ')];
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
    private static string Unescape(ReadOnlySpan<char> field)
    {
        if (!field.Contains('\\'))
        {
            return field.ToString();
        }

        var text = new StringBuilder(field.Length);
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length)
            {
                text.Append((char)Convert.ToInt32(field.Slice(i + 1, 3).ToString(), 8));
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
