using System.Text;

namespace CriShim.Linux;

/// <summary>One line of /proc/self/mountinfo (proc_pid_mountinfo(5)).</summary>
/// <param name="PeerGroup">Of a shared mount; 0 otherwise.</param>
public sealed record MountInfo(string Root, string MountPoint, string Type, string Source, int PeerGroup)
{
    public static IReadOnlyList<MountInfo> Read() => Parse(File.ReadAllText("/proc/self/mountinfo"));

    public static IReadOnlyList<MountInfo> Parse(string text)
    {
        var mounts = new List<MountInfo>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ');
            var separator = Array.IndexOf(fields, "-", 6);
            if (separator < 0 || separator + 2 >= fields.Length)
            {
                continue;
            }

            var shared = Array.Find(fields[6..separator], field => field.StartsWith("shared:", StringComparison.Ordinal));
            mounts.Add(new MountInfo(
                Unescape(fields[3]),
                Unescape(fields[4]),
                fields[separator + 1],
                Unescape(fields[separator + 2]),
                shared is null ? 0 : int.Parse(shared.AsSpan("shared:".Length))));
        }

        return mounts;
    }

    /// <summary>The mount that a path without links lies on: of the longest mount points the last mounted.</summary>
    public static MountInfo? FindFor(string path, IReadOnlyList<MountInfo> mounts)
    {
        MountInfo? best = null;
        foreach (var mount in mounts)
        {
            var contains = mount.MountPoint == "/" || path == mount.MountPoint
                || path.StartsWith(mount.MountPoint + "/", StringComparison.Ordinal);
            if (contains && (best is null || mount.MountPoint.Length >= best.MountPoint.Length))
            {
                best = mount;
            }
        }

        return best;
    }

    // Space, tab, newline and backslash are written as three octal digits.
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
