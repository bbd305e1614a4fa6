namespace CriShim.Cgroups.Devices;

/// <summary>
/// What the v1 devices controller makes of a sequence of rules: a default, and exceptions from it
/// (the kernel's Documentation/admin-guide/cgroup-v1/devices.rst). Comparing two of them gives the writes that lead from one to the
/// other.
/// </summary>
internal sealed class DeviceList
{
    private readonly Dictionary<(char Type, long Major, long Minor), DeviceAccess> _exceptions = [];

    public bool AllowedByDefault { get; private set; }

    /// <summary>Starts from "nothing is allowed".</summary>
    public static DeviceList FromRules(IReadOnlyList<DeviceRule> rules)
    {
        var list = new DeviceList();
        foreach (var rule in rules)
        {
            list.Add(rule);
        }

        return list;
    }

    /// <summary>
    /// Reads devices.list. With "all allowed" the kernel does not show the exceptions; then <see cref="AllowedByDefault"/> is true and
    /// they are unknown.
    /// </summary>
    public static DeviceList Parse(string text)
    {
        var list = new DeviceList();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ', ':');
            if (fields.Length != 4)
            {
                throw new CgroupException($"failed to read device list: line \"{line}\"");
            }

            if (fields[0] == "a")
            {
                list.AllowedByDefault = true;
                return list;
            }

            var access = (fields[3].Contains('r') ? DeviceAccess.Read : 0)
                | (fields[3].Contains('w') ? DeviceAccess.Write : 0)
                | (fields[3].Contains('m') ? DeviceAccess.Mknod : 0);
            list._exceptions[(fields[0][0], Number(fields[1]), Number(fields[2]))] = access;
        }

        return list;
    }

    /// <summary>The exceptions, as lines for devices.allow or devices.deny.</summary>
    public List<string> Exceptions() => _exceptions.Select(Line).ToList();

    /// <summary>Exceptions that this list has and <paramref name="other"/> lacks, as lines.</summary>
    public List<string> ExceptionsNotIn(DeviceList other)
    {
        var lines = new List<string>();
        foreach (var (device, access) in _exceptions)
        {
            var missing = access & ~other._exceptions.GetValueOrDefault(device);
            if (missing != DeviceAccess.None)
            {
                lines.Add(Line(KeyValuePair.Create(device, missing)));
            }
        }

        return lines;
    }

    private void Add(DeviceRule rule)
    {
        if (rule.IsEverything)
        {
            _exceptions.Clear();
            AllowedByDefault = rule.Allow;
            return;
        }

        var device = (rule.Type, rule.Major, rule.Minor);
        var before = _exceptions.GetValueOrDefault(device);
        var after = rule.Allow == AllowedByDefault ? before & ~rule.Access : before | rule.Access;
        if (after == DeviceAccess.None)
        {
            _exceptions.Remove(device);
        }
        else
        {
            _exceptions[device] = after;
        }
    }

    private static long Number(string text) => text == "*" ? DeviceRule.Any : long.Parse(text);

    private static string Line(KeyValuePair<(char Type, long Major, long Minor), DeviceAccess> exception)
    {
        var (type, major, minor) = exception.Key;
        var access = exception.Value;
        return $"{type} {Text(major)}:{Text(minor)} "
            + (access.HasFlag(DeviceAccess.Read) ? "r" : "")
            + (access.HasFlag(DeviceAccess.Write) ? "w" : "")
            + (access.HasFlag(DeviceAccess.Mknod) ? "m" : "");
    }

    private static string Text(long number) => number == DeviceRule.Any ? "*" : number.ToString();
}
