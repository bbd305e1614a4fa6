using System.Diagnostics;
using System.Text;

namespace CriShim.TestKit;

/// <summary>
/// What of ours is on the machine: mounts, network namespaces, interfaces, nftables tables, cgroups and processes. Taken before and after,
/// the difference must be empty.
/// </summary>
public sealed class LeakCheck
{
    private static readonly TimeSpan s_patience = Patience.Seconds(10);
    private readonly HashSet<string> _before = Snapshot();

    /// <summary>What is there now and was not at construction; waits a little for the kernel to finish. Empty when clean.</summary>
    public async Task<IReadOnlyList<string>> FindAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var left = Snapshot().Except(_before).Order(StringComparer.Ordinal).ToList();
            if (left.Count == 0 || clock.Elapsed > s_patience)
            {
                return left;
            }

            await Task.Delay(50);
        }
    }

    public async Task AssertCleanAsync()
    {
        var left = await FindAsync();
        if (left.Count > 0)
        {
            throw new InvalidOperationException("left on the machine:\n  " + string.Join("\n  ", left));
        }
    }

    private static HashSet<string> Snapshot() =>
        [.. Mounts(), .. NetworkNamespaces(), .. Links(), .. Tables(), .. Cgroups(), .. Processes()];

    /// <summary>But the folder of named network namespaces, which the machine's first `ip netns add` makes a mount for ever.</summary>
    private static IEnumerable<string> Mounts() =>
        File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4]).Where(path => path != "/run/netns").Select(path => $"mount {path}");

    private static IEnumerable<string> NetworkNamespaces() =>
        Directory.Exists("/run/netns") ? Directory.EnumerateFileSystemEntries("/run/netns").Select(path => $"netns {path}") : [];

    private static IEnumerable<string> Links() => Directory.EnumerateFileSystemEntries("/sys/class/net").Select(path => $"link {Path.GetFileName(path)}");

    private static IEnumerable<string> Tables() =>
        Command.Find("nft") is { } nft
            ? Command.Run(nft, "list", "tables").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"nftables {line}")
            : [];

    /// <summary>Every folder below every cgroup mount: tests run one after the other, so nobody else makes any.</summary>
    private static IEnumerable<string> Cgroups() =>
        File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')).Where(fields => fields[2] is "cgroup" or "cgroup2")
            .SelectMany(fields => Folders(fields[1])).Where(path => path.Contains("crishim", StringComparison.Ordinal)).Select(path => $"cgroup {path}");

    private static IEnumerable<string> Folders(string root)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories)];
        }
        catch (IOException)
        {
            return [$"{root} changed while it was read (crishim?)"];
        }
    }

    private static IEnumerable<string> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            var description = Describe(folder);
            if (description is not null)
            {
                yield return description;
            }
        }
    }

    /// <summary>Our runtime by its executable (the host may show it as a detached mount's path), anything else by a cgroup of ours.</summary>
    private static string? Describe(string processFolder)
    {
        try
        {
            var arguments = Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(processFolder, "cmdline"))).Replace('\0', ' ').Trim();
            var ours = File.ReadAllText(Path.Combine(processFolder, "comm")).StartsWith("crishim-runtime"[..15], StringComparison.Ordinal)
                || File.ReadAllText(Path.Combine(processFolder, "cgroup")).Contains("crishim-", StringComparison.Ordinal);
            return ours ? $"process {Path.GetFileName(processFolder)} {arguments}" : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
