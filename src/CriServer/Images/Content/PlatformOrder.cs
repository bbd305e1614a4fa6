using System.Runtime.InteropServices;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>
/// The platforms whose programs a machine runs, best first, as containerd orders them. The system's version is not looked at: on Linux the
/// kernel's has no part in the choice.
/// </summary>
/// <param name="Accepted">Architecture and variant, both as in Go's GOARCH and GOAMD64, GOARM; "" for none.</param>
internal sealed record PlatformOrder(IReadOnlyList<(string Architecture, string Variant)> Accepted)
{
    private const string TargetSystem = "linux";
    private static readonly Lazy<PlatformOrder> s_ofThisMachine = new(
        () => For(ArchitectureName(RuntimeInformation.OSArchitecture), RuntimeInformation.OSArchitecture == Architecture.X64 ? CpuLevel.OfThisMachine() : 0));

    public static PlatformOrder OfThisMachine => s_ofThisMachine.Value;

    /// <summary>For messages: <c>linux/amd64</c>.</summary>
    public string Name => $"{TargetSystem}/{Accepted[0].Architecture}";

    /// <param name="architecture">GOARCH.</param>
    /// <param name="level">Of an amd64 CPU, 1 to 4.</param>
    public static PlatformOrder For(string architecture, int level) => new(architecture switch
    {
        "amd64" => [.. Enumerable.Range(1, level).Reverse().Select(v => ("amd64", $"v{v}")), ("386", "")],
        "arm64" => [("arm64", "v8"), .. Arm(8)],
        "arm" => Arm(7),
        _ => [(architecture, "")],
    });

    /// <summary>Place in the order; null when such programs do not run here.</summary>
    public int? RankOf(Platform platform)
    {
        if (platform.Os != TargetSystem)
        {
            return null;
        }

        var wanted = Normalize(platform.Architecture ?? "", platform.Variant ?? "");
        for (var i = 0; i < Accepted.Count; i++)
        {
            if (Accepted[i] == wanted)
            {
                return i;
            }
        }

        return null;
    }

    private static List<(string Architecture, string Variant)> Arm(int highest) =>
        [.. Enumerable.Range(5, highest - 4).Reverse().Select(v => ("arm", $"v{v}"))];

    /// <summary>What a platform without a variant means.</summary>
    private static (string Architecture, string Variant) Normalize(string architecture, string variant) => (architecture, variant) switch
    {
        ("amd64", "") => ("amd64", "v1"),
        ("arm64", "" or "8") => ("arm64", "v8"),
        ("arm", "") => ("arm", "v7"),
        ("arm", [>= '5' and <= '8']) => ("arm", "v" + variant),
        ("386", _) => ("386", ""),
        _ => (architecture, variant),
    };

    private static string ArchitectureName(Architecture architecture) => architecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.X86 => "386",
        var other => other.ToString().ToLowerInvariant(),
    };
}
