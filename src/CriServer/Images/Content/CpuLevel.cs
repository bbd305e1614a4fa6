namespace CriShim.CriServer.Images.Content;

/// <summary>The microarchitecture level of an x86-64 CPU, 1 to 4 (System V psABI, AMD64, "Micro-Architecture Levels").</summary>
internal static class CpuLevel
{
    private const string CpuInfoFile = "/proc/cpuinfo";
    private const string FlagsField = "flags";

    // Each level needs all of the level below; names as the kernel's. A flag is there only if the kernel lets programs use it.
    private static readonly string[][] s_needs =
    [
        ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"],
        ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"],
        ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"],
    ];

    /// <summary>Of the first CPU; the kernel brings up only CPUs that can do what it can.</summary>
    public static int OfThisMachine() => Of(File.ReadLines(CpuInfoFile).FirstOrDefault(l => l.StartsWith(FlagsField, StringComparison.Ordinal)) ?? "");

    /// <param name="line">The <c>flags</c> line of /proc/cpuinfo.</param>
    public static int Of(string line)
    {
        var flags = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ').ToHashSet(StringComparer.Ordinal);
        return 1 + s_needs.TakeWhile(flags.IsSupersetOf).Count();
    }
}
