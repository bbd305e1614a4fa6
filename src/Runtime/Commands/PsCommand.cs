using System.Globalization;
using System.Text;
using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Commands;

/// <summary>The container's processes: as pids, or as those lines of ps(1) that are theirs.</summary>
internal static class PsCommand
{
    private const string Program = "/bin/ps";
    private const string PidColumn = "PID";
    private const int MaxOutputBytes = 16 << 20;

    public static int Run(CommandContext context)
    {
        var line = CommandLine.Parse(context.Words, [], ["format,f"]);
        var words = line.Require(1, int.MaxValue, "ps [--format table|json] container-id [ps options]");
        var state = context.Store.Load(words[0]);
        var pids = ContainerCgroup.Open(state).GetPids();
        CommandLog.Print((line.Get("format") ?? "table") switch
        {
            "json" => $"[{string.Join(',', pids)}]\n",
            "table" => Table(words.Count > 1 ? [.. words.Skip(1)] : ["-ef"], pids),
            _ => throw CommandLine.Wrong("invalid format option"),
        });
        return 0;
    }

    private static string Table(string[] options, IReadOnlyList<int> pids)
    {
        var lines = RunProgram(options).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var column = lines.Length == 0 ? -1 : Array.IndexOf(Words(lines[0]), PidColumn);
        if (column < 0)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, "couldn't find PID field in ps output");
        }

        var wanted = pids.Select(pid => pid.ToString(CultureInfo.InvariantCulture)).ToHashSet();
        return string.Concat(lines.Where((line, i) => i == 0 || (Words(line) is var words && words.Length > column && wanted.Contains(words[column])))
            .Select(line => line + "\n"));
    }

    private static string RunProgram(string[] options)
    {
        using var pipe = PipePair.Create();
        using var errors = Fd.Open("/proc/self/fd/2", O_WRONLY | O_APPEND);
        using var process = ChildProcess.Start(new ChildProcessOptions(Program, [Program, .. options]) { Fds = [(1, pipe.Writer), (2, errors)] });
        pipe.Writer.Dispose();
        var output = Fd.ReadAll(pipe.Reader, MaxOutputBytes);
        var exit = process.PidFd.Reap();
        return exit.ExitCode == 0
            ? Encoding.UTF8.GetString(output)
            : throw new RuntimeException(RuntimeErrorKind.Unknown, $"ps ended with exit code {exit.ExitCode}");
    }

    private static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
