using System.Globalization;
using System.Security.Cryptography;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>Everything about the files of a folder that a container could see: a line each.</summary>
internal static class TreeListing
{
    public static IReadOnlyList<string> Of(string folder) =>
    [
        .. Command.Output("find", folder, "-mindepth", "1", "-printf", "%P|%y|%m|%U|%G|%n|%T@|%l|%s\n").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => WithContent(folder, line)).Order(StringComparer.Ordinal),
    ];

    private static string WithContent(string folder, string line)
    {
        var fields = line.Split('|');
        return fields[1] switch
        {
            "f" => line + "|" + Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, fields[0])))),
            "d" => line[..line.LastIndexOf('|')], // a folder's size is the file system's business
            _ => line,
        };
    }

    /// <summary>Names in a folder, for comparing what is left.</summary>
    public static IReadOnlyList<string> Names(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path)).Order(StringComparer.Create(CultureInfo.InvariantCulture, false))];
}
