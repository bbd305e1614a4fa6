using System.Diagnostics;

namespace CriShim.TestKit;

/// <summary>The result of a finished program.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>Runs programs of the machine in tests.</summary>
public static class Command
{
    public static CommandResult Run(string program, params string[] arguments) => Run(Patience.Seconds(60), program, arguments);

    public static CommandResult Run(TimeSpan limit, string program, params string[] arguments) => Run(limit, keepInputOpen: false, program, arguments);

    /// <summary>
    /// Runs a command line at a terminal of its own (script(1)) whose input stays open to the end: <c>podman run --tty</c> drops the output of a
    /// short program, with any runtime, when its input ends first.
    /// </summary>
    public static CommandResult RunAtTerminal(string commandLine) =>
        Run(TimeSpan.FromSeconds(60), keepInputOpen: true, "script", "-qec", commandLine, "/dev/null");

    private static CommandResult Run(TimeSpan limit, bool keepInputOpen, string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using var process = Process.Start(info) ?? throw new InvalidOperationException($"{program} did not start");
        if (!keepInputOpen)
        {
            process.StandardInput.Close();
        }

        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)}: still running after {limit}");
        }

        return new CommandResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Runs and returns stdout; throws with stderr when the program fails.</summary>
    public static string Output(string program, params string[] arguments)
    {
        var result = Run(program, arguments);
        return result.ExitCode == 0
            ? result.Output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit code {result.ExitCode}: {result.Error}");
    }

    /// <summary>Full path of a program in PATH or the sbin folders, or null.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':')
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
