using System.Globalization;
using System.Text.Json;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Supervisor.Backends;

/// <summary>Runs an OCI runtime's command for one container, and waits for its end; its log says what went wrong.</summary>
internal sealed class OciRuntimeProgram(ExternalRuntime runtime, string containerId, string folder)
{
    private const string DefaultRoot = "oci";

    /// <summary>In the working folder: an address holds few characters (unix(7)), and not every runtime has a way around that.</summary>
    private const string TerminalSocket = "oci.tty";
    private const string SearchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>A command that takes longer is killed: the supervisor waits for it.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly string _log = Path.Combine(folder, "oci.log");

    /// <param name="flags">After the command.</param>
    /// <param name="arguments">After the container's id.</param>
    public void Run(string command, IReadOnlyList<string> flags, params IReadOnlyList<string> arguments) => Run(command, flags, arguments, []);

    /// <summary>A command that starts a process in the container and leaves it to us.</summary>
    /// <param name="stdio">The process's 0, 1 and 2; none with a terminal.</param>
    /// <returns>The process, and its terminal's master.</returns>
    public (int Pid, SafeFileHandle? Terminal) RunForProcess(string command, IReadOnlyList<string> flags, IReadOnlyList<SafeFileHandle> stdio, bool hasTerminal)
    {
        var pidFile = Path.Combine(folder, "oci.pid");
        using var socket = hasTerminal ? ConsoleListener.Listen(Path.Combine(folder, TerminalSocket)) : null;
        Run(command, [.. flags, "--pid-file", pidFile, .. hasTerminal ? ["--console-socket", TerminalSocket] : Array.Empty<string>()], [], hasTerminal ? [] : stdio);
        var pid = int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture);
        File.Delete(pidFile);
        return (pid, socket is null ? null : socket.Take() ?? throw Failure(command, "it handed over no terminal"));
    }

    private void Run(string command, IReadOnlyList<string> flags, IReadOnlyList<string> arguments, IReadOnlyList<SafeFileHandle> stdio)
    {
        File.Delete(_log);
        var root = string.IsNullOrEmpty(runtime.Root) ? Path.Combine(folder, DefaultRoot) : runtime.Root;
        string[] line =
        [
            runtime.Binary, "--root", root, "--log", _log, "--log-format", "json", .. runtime.Arguments ?? [], command, .. flags, containerId, .. arguments,
        ];
        using var process = ChildProcess.Start(new ChildProcessOptions(runtime.Binary, line)
        {
            Environment = [SearchPath],
            WorkingFolder = folder,
            Fds = [.. stdio.Select((fd, number) => (number, fd))],
            NewSession = true,
        });
        if (!ProcessEnd.Wait(process.PidFd, s_limit))
        {
            process.PidFd.SendSignal(SIGKILL);
            process.PidFd.Reap();
            throw Failure(command, $"not done after {s_limit.TotalSeconds} s");
        }

        if (process.PidFd.Reap() is { ExitCode: not 0 } exit)
        {
            throw Failure(command, LastMessage() ?? $"exit code {exit.ExitCode}");
        }
    }

    private RuntimeException Failure(string command, string problem) => new(
        new RuntimeError(RuntimeErrorKind.Unknown, $"failed to {command} container \"{containerId}\" by {runtime.Binary}: {problem}", command));

    /// <summary>The log is one JSON object after the other, each with a message, of which the last counts.</summary>
    private string? LastMessage()
    {
        if (!File.Exists(_log))
        {
            return null;
        }

        var reader = new Utf8JsonReader(File.ReadAllBytes(_log), new JsonReaderOptions { AllowMultipleValues = true });
        string? last = null;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("msg"u8) && reader.Read() && reader.TokenType == JsonTokenType.String)
                {
                    last = reader.GetString();
                }
            }
        }
        catch (JsonException)
        {
            // What came before it.
        }

        return last;
    }
}
