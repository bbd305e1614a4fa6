using CriShim.Linux;

namespace CriShim.Cgroups.Systemd;

/// <summary>
/// A cgroup as the systemd driver names it, "slice:prefix:name": the scope prefix-name.scope in a slice. A slice's name holds its place:
/// a-b.slice lies in a.slice (systemd.slice(5)).
/// </summary>
public sealed record ScopePath
{
    private const string SliceSuffix = ".slice";
    private const string ScopeSuffix = ".scope";
    private const string RootSlice = "-.slice";

    /// <summary>systemd refuses longer names of units (UNIT_NAME_MAX with the closing zero is 256).</summary>
    private const int LongestUnitName = 255;

    private ScopePath(string slice, string unit)
    {
        Slice = slice;
        Unit = unit;
    }

    /// <summary>"kubepods-burstable.slice"; "-.slice" is the root.</summary>
    public string Slice { get; }

    /// <summary>"crishim-1f2e.scope".</summary>
    public string Unit { get; }

    /// <summary>Where systemd puts it, below the hierarchy's root: "/kubepods.slice/kubepods-burstable.slice/crishim-1f2e.scope".</summary>
    public string Folder => Expand(Slice) + "/" + Unit;

    /// <summary>True for a text of this form, right or wrong in its parts.</summary>
    public static bool Is(string path) => !path.Contains('/') && path.AsSpan().Count(':') == 2;

    /// <summary>An empty slice is system.slice, an empty prefix leaves the name alone; a name that ends in .slice is refused.</summary>
    /// <exception cref="CgroupException">EINVAL: a part cannot be a slice or a scope.</exception>
    public static ScopePath Parse(string path)
    {
        if (!Is(path) || path.Split(':') is not [var slice, var prefix, var name] || name.Length == 0)
        {
            throw Refused(path, "the systemd driver takes slice:prefix:name");
        }

        slice = slice.Length == 0 ? "system.slice" : slice;
        Expand(slice);
        var unit = (prefix.Length == 0 ? name : $"{prefix}-{name}") + ScopeSuffix;
        return IsUnitName(unit) && !name.EndsWith(SliceSuffix, StringComparison.Ordinal)
            ? new ScopePath(slice, unit)
            : throw Refused(path, $"\"{unit}\" cannot be the name of a scope");
    }

    /// <summary>The folder of a slice: "a-b.slice" is "/a.slice/a-b.slice"; "-.slice" is "".</summary>
    /// <exception cref="CgroupException">EINVAL: it is no slice's name.</exception>
    public static string Expand(string slice)
    {
        if (slice == RootSlice)
        {
            return "";
        }

        var name = slice.EndsWith(SliceSuffix, StringComparison.Ordinal) ? slice[..^SliceSuffix.Length] : "";
        var parts = name.Split('-');
        if (!IsUnitName(slice) || Array.Exists(parts, part => part.Length == 0))
        {
            throw Refused(slice, "not the name of a slice");
        }

        var folder = "";
        for (var i = 1; i <= parts.Length; i++)
        {
            folder += "/" + string.Join('-', parts[..i]) + SliceSuffix;
        }

        return folder;
    }

    public override string ToString() => $"{Slice}:{Unit}";

    // unit_name_is_valid() of systemd: letters, digits and :-_.\ ; a colon would be another form here.
    private static bool IsUnitName(string name) =>
        name.Length <= LongestUnitName && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.' or '\\');

    private static CgroupException Refused(string path, string why) => new($"failed to use cgroup path \"{path}\": {why}", Errno.EINVAL);
}
