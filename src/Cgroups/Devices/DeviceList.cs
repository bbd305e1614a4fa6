namespace CriShim.Cgroups.Devices;

/// <summary>
/// What the v1 devices controller makes of a sequence of rules: a default, and exceptions from it
/// (the kernel's Documentation/admin-guide/cgroup-v1/devices.rst). Comparing two of them gives the writes that lead from one to the
/// other.
/// </summary>
internal sealed class DeviceList
{
    // A list: a container has a dozen.
    private readonly List<DeviceException> _exceptions = [];

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
            list._exceptions.Add(new DeviceException(fields[0][0], Number(fields[1]), Number(fields[2]), access));
        }

        return list;
    }

    /// <summary>The exceptions, as lines for devices.allow or devices.deny.</summary>
    public List<string> Exceptions() => _exceptions.ConvertAll(exception => exception.ToString());

    /// <summary>Exceptions that this list has and <paramref name="other"/> lacks, as lines.</summary>
    public List<string> ExceptionsNotIn(DeviceList other)
    {
        var lines = new List<string>();
        foreach (var exception in _exceptions)
        {
            var missing = exception.Access & ~other.AccessTo(exception);
            if (missing != DeviceAccess.None)
            {
                lines.Add((exception with { Access = missing }).ToString());
            }
        }

        return lines;
    }

    private DeviceAccess AccessTo(DeviceException device)
    {
        var index = Find(device);
        return index < 0 ? DeviceAccess.None : _exceptions[index].Access;
    }

    private int Find(DeviceException device) => _exceptions.FindIndex(device.IsSameDevice);

    private void Add(DeviceRule rule)
    {
        if (rule.IsEverything)
        {
            _exceptions.Clear();
            AllowedByDefault = rule.Allow;
            return;
        }

        var device = new DeviceException(rule.Type, rule.Major, rule.Minor, rule.Access);
        var index = Find(device);
        if (rule.Allow != AllowedByDefault)
        {
            if (index < 0)
            {
                _exceptions.Add(device);
            }
            else
            {
                _exceptions[index] = device with { Access = _exceptions[index].Access | rule.Access };
            }
        }
        else if (index >= 0)
        {
            _exceptions[index] = device with { Access = _exceptions[index].Access & ~rule.Access };
            if (_exceptions[index].Access == DeviceAccess.None)
            {
                _exceptions.RemoveAt(index);
            }
        }
    }

    private static long Number(string text) => text == "*" ? DeviceRule.Any : long.Parse(text);
}
