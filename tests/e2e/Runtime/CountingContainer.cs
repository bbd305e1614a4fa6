using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>A container that counts, to be saved and brought back: whether it goes on where it was is seen from outside.</summary>
/// <param name="bundle">With a root of its own.</param>
internal sealed class CountingContainer(OciBundle bundle)
{
    private const string Script = "i=0; while true; do i=$((i+1)); echo $i > /count; sleep 0.05; done";
    private const int LinesBefore = 6;
    private const int MostLines = 60;

    /// <summary>Where it is; 0 before it has begun. In the root's own file system: to be seen also while it is not running.</summary>
    public int Count =>
        File.Exists(bundle.Rootfs("count")) && int.TryParse(File.ReadAllText(bundle.Rootfs("count")), out var count) ? count : 0;

    /// <summary>Returns when it counts. All of its stdio is /dev/null: criu cannot save files of the host.</summary>
    /// <param name="before">Shell commands that come first.</param>
    public async Task StartAsync(string before = ":")
    {
        bundle.Spec = bundle.Spec with { Root = bundle.Spec.Root! with { Readonly = false } };
        Directory.CreateDirectory(bundle.Rootfs("tmp"));
        bundle.WriteSpec("sh", "-c", $"exec </dev/null >/dev/null 2>&1; {before}; {Script}");
        OciBundle.RequireSuccess(bundle.Run("run", "--detach", "--bundle", bundle.Path, bundle.Id));
        await AwaitAsync(1);
    }

    /// <summary>Waits until it is past <paramref name="count"/>.</summary>
    public Task AwaitAsync(int count) => Eventually.TrueAsync(() => Count > count);

    /// <summary>A checkpoint that must succeed. criu's log goes with the test's folder, so what failed is told here.</summary>
    /// <param name="workFolder">Where criu wrote its log.</param>
    public static void RequireDumped(CommandResult result, string workFolder)
    {
        var log = Path.Combine(workFolder, "dump.log");
        Assert.True(result.ExitCode == 0, string.Join('\n', [$"exit code {result.ExitCode}: {result.Error}", .. File.Exists(log) ? Problems(File.ReadAllLines(log)) : []]));
    }

    /// <summary>Warnings and errors, each with the lines before it, and how it ended: the last of many.</summary>
    private static IEnumerable<string> Problems(string[] lines)
    {
        var wanted = new SortedSet<int>(Enumerable.Range(0, lines.Length).TakeLast(LinesBefore));
        for (var number = 0; number < lines.Length; number++)
        {
            if (lines[number].Contains("Warn  (", StringComparison.Ordinal) || lines[number].Contains("Error (", StringComparison.Ordinal))
            {
                wanted.UnionWith(Enumerable.Range(0, number + 1).TakeLast(LinesBefore));
            }
        }

        return wanted.TakeLast(MostLines).Select(number => lines[number]);
    }
}
