using CriShim.Oci.RuntimeSpec;
using static CriShim.Runtime.Containers.SpecValidator;

namespace CriShim.Runtime.Containers;

/// <summary>What linux.intelRdt may say; as <see cref="SpecValidator"/>.</summary>
internal static class ResctrlRules
{
    /// <summary>Folders that are not groups.</summary>
    private static readonly string[] s_reserved = [".", "..", "info", "mon_data", "mon_groups"];

    public static void Check(IntelRdtSpec? spec)
    {
        if (spec is null)
        {
            return;
        }

        Require(spec.ClosId is null or "/" || IsGroup(spec.ClosId), "linux.intelRdt.closID", $"\"{spec.ClosId}\" is not the name of a group");
        Require(spec.L3CacheSchema is null || spec.L3CacheSchema.Contains(':'), "linux.intelRdt.l3CacheSchema", $"\"{spec.L3CacheSchema}\" is not a schema");
        Require(
            spec.MemBwSchema is null || (spec.MemBwSchema.StartsWith("MB:", StringComparison.Ordinal) && IsLine(spec.MemBwSchema)),
            "linux.intelRdt.memBwSchema",
            $"\"{spec.MemBwSchema}\" is not one line that begins with MB:");
        foreach (var line in spec.Schemata ?? [])
        {
            Require(line.Contains(':') && IsLine(line), "linux.intelRdt.schemata", $"\"{line}\" is not one line of a schemata file");
        }
    }

    private static bool IsGroup(string name) => name.Length is > 0 and < 256 && Array.IndexOf(s_reserved, name) < 0 && !name.AsSpan().ContainsAny("/\n\0");

    private static bool IsLine(string text) => !text.Contains('\n');
}
