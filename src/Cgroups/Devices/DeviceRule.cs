using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.Devices;

/// <summary>One rule of the device list. The last rule that matches a request decides.</summary>
/// <param name="Type">'c' or 'b'; 'a' with both numbers <see cref="Any"/> and all access: every device.</param>
/// <param name="Major">Or <see cref="Any"/>.</param>
/// <param name="Minor">Or <see cref="Any"/>.</param>
internal readonly record struct DeviceRule(bool Allow, char Type, long Major, long Minor, DeviceAccess Access)
{
    public const long Any = -1;

    /// <summary>
    /// Added behind a spec's rules: what every container has (config-linux.md, "Default Devices"), and mknod of anything,
    /// which without permission to open it does nothing.
    /// </summary>
    private static readonly DeviceRule[] s_always =
    [
        new(true, 'c', Any, Any, DeviceAccess.Mknod),
        new(true, 'b', Any, Any, DeviceAccess.Mknod),
        new(true, 'c', 1, 3, DeviceAccess.All), // null
        new(true, 'c', 1, 5, DeviceAccess.All), // zero
        new(true, 'c', 1, 7, DeviceAccess.All), // full
        new(true, 'c', 1, 8, DeviceAccess.All), // random
        new(true, 'c', 1, 9, DeviceAccess.All), // urandom
        new(true, 'c', 5, 0, DeviceAccess.All), // tty
        new(true, 'c', 5, 2, DeviceAccess.All), // ptmx
        new(true, 'c', 136, Any, DeviceAccess.All), // pts/*
    ];

    public bool IsEverything => Type == 'a';

    /// <summary>A spec's rules in their order, then what every container has.</summary>
    public static IReadOnlyList<DeviceRule> FromSpec(IReadOnlyList<DeviceRuleSpec> specs)
    {
        var rules = new List<DeviceRule>(specs.Count + s_always.Length);
        foreach (var spec in specs)
        {
            Add(rules, spec);
        }

        rules.AddRange(s_always);
        return rules;
    }

    private static void Add(List<DeviceRule> rules, DeviceRuleSpec spec)
    {
        var access = ParseAccess(spec.Access);
        var major = Number(spec.Major, "major");
        var minor = Number(spec.Minor, "minor");
        switch (spec.Type)
        {
            case "c" or "u":
                rules.Add(new DeviceRule(spec.Allow, 'c', major, minor, access));
                break;
            case "b":
                rules.Add(new DeviceRule(spec.Allow, 'b', major, minor, access));
                break;
            case null or "" or "a" when major == Any && minor == Any && access == DeviceAccess.All:
                rules.Add(new DeviceRule(spec.Allow, 'a', Any, Any, DeviceAccess.All));
                break;
            case null or "" or "a":
                rules.Add(new DeviceRule(spec.Allow, 'c', major, minor, access));
                rules.Add(new DeviceRule(spec.Allow, 'b', major, minor, access));
                break;
            default:
                throw Refused($"type \"{spec.Type}\" is not one of a, b, c");
        }
    }

    private static DeviceAccess ParseAccess(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return DeviceAccess.All;
        }

        var access = DeviceAccess.None;
        foreach (var letter in text)
        {
            access |= letter switch
            {
                'r' => DeviceAccess.Read,
                'w' => DeviceAccess.Write,
                'm' => DeviceAccess.Mknod,
                _ => throw Refused($"access \"{text}\" is not of r, w, m"),
            };
        }

        return access;
    }

    private static long Number(long? number, string which) => number switch
    {
        null or Any => Any,
        >= 0 and <= uint.MaxValue => number.Value,
        _ => throw Refused($"{which} {number} is out of range"),
    };

    private static CgroupException Refused(string why) => new($"failed to use device rule: {why}", Errno.EINVAL);
}
