using System.Collections;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Pipes;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.CriServer.Programs;

/// <summary>
/// Another program that runs. Its stdin, stdout and stderr are files in memory: nothing has to be pumped, and a child that it leaves
/// behind cannot hold up who waits for it. A session of its own lets it be killed with what it started.
/// </summary>
internal sealed class RunningProgram : IDisposable
{
    private const int MaxOutputBytes = 4 * 1024 * 1024;

    private static readonly string[] s_environment =
    [
        .. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(item => !((string)item.Key).StartsWith("CNI_", StringComparison.Ordinal))
            .Select(item => $"{item.Key}={item.Value}"),
    ];

    private readonly SafeFileHandle _input = CreateFile("stdin");
    private readonly SafeFileHandle _output = CreateFile("stdout");
    private readonly SafeFileHandle _errors = CreateFile("stderr");
    private readonly ChildProcess _child;

    /// <inheritdoc cref="IProgramRunner.RunAsync(string, IReadOnlyList{string}, IReadOnlyList{string}, byte[], TimeSpan, CancellationToken)"/>
    /// <exception cref="LinuxException">It cannot be started.</exception>
    public RunningProgram(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> variables, byte[] stdin)
    {
        RandomAccess.Write(_input, stdin, 0);
        _child = ChildProcess.Start(new ChildProcessOptions(path, [path, .. arguments])
        {
            Environment = [.. s_environment, .. variables],
            WorkingFolder = "/",
            Fds = [(0, _input), (1, _output), (2, _errors)],
            NewSession = true,
        });
    }

    public PidFd PidFd => _child.PidFd;

    /// <summary>Starts a program and waits for its end, or kills it when <paramref name="timeout"/> is over. For the start of the server, which nobody waits for.</summary>
    public static ProgramResult RunToEnd(string path, IReadOnlyList<string> arguments, byte[] stdin, TimeSpan timeout)
    {
        using var program = new RunningProgram(path, arguments, [], stdin);
        var timedOut = !ProcessEnd.Wait(program.PidFd, timeout);
        if (timedOut)
        {
            program.Kill();
        }

        return program.Reap(timedOut);
    }

    /// <summary>Not reaped yet, so the number is still this child's session; ESRCH where it ended by itself just now.</summary>
    public void Kill() => _ = kill(-_child.Pid, SIGKILL);

    /// <summary>What it did; waits for its end.</summary>
    public ProgramResult Reap(bool timedOut) => new(_child.PidFd.Reap().ExitCode, timedOut, ReadAll(_output), ReadAll(_errors));

    public void Dispose()
    {
        _child.Dispose();
        _input.Dispose();
        _output.Dispose();
        _errors.Dispose();
    }

    private static SafeFileHandle CreateFile(string name) => Check.Result(memfd_create(name, MFD_CLOEXEC), "memfd_create");

    private static byte[] ReadAll(SafeFileHandle file)
    {
        var bytes = new byte[Math.Min(RandomAccess.GetLength(file), MaxOutputBytes)];
        var length = 0;
        while (length < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(length), length) is var count and > 0)
        {
            length += count;
        }

        return bytes[..length];
    }
}
