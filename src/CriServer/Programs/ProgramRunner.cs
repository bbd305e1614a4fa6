using System.Collections;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Pipes;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.CriServer.Programs;

/// <summary>
/// Runs other programs. Their stdin, stdout and stderr are files in memory: nothing has to be pumped, and a child that a program leaves
/// behind cannot hold the call. A session of its own lets a timeout kill the program with what it started.
/// </summary>
/// <param name="loop">Runs elsewhere; tells when a program has ended.</param>
internal sealed class ProgramRunner(EpollLoop loop) : IProgramRunner
{
    private const int MaxOutputBytes = 4 * 1024 * 1024;

    private static readonly string[] s_environment =
    [
        .. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(item => !((string)item.Key).StartsWith("CNI_", StringComparison.Ordinal))
            .Select(item => $"{item.Key}={item.Value}"),
    ];

    public async Task<ProgramResult> RunAsync(
        string path, IReadOnlyList<string> arguments, IReadOnlyList<string> variables, byte[] stdin, TimeSpan timeout, CancellationToken ct)
    {
        using var input = CreateFile("stdin");
        using var output = CreateFile("stdout");
        using var errors = CreateFile("stderr");
        await RandomAccess.WriteAsync(input, stdin, 0, CancellationToken.None);
        using var child = ChildProcess.Start(new ChildProcessOptions(path, [path, .. arguments])
        {
            Environment = [.. s_environment, .. variables],
            WorkingFolder = "/",
            Fds = [(0, input), (1, output), (2, errors)],
            NewSession = true,
        });
        var ended = WaitForEndAsync(child.PidFd);
        var timedOut = false;
        try
        {
            await ended.WaitAsync(timeout, ct);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            timedOut = e is TimeoutException;
            // Not reaped yet, so the number is still this child's session; ESRCH where it ended by itself just now
            _ = kill(-child.Pid, SIGKILL);
            await ended;
        }

        var exit = child.PidFd.Reap();
        ct.ThrowIfCancellationRequested();
        return new ProgramResult(exit.ExitCode, timedOut, ReadAll(output), ReadAll(errors));
    }

    private Task WaitForEndAsync(PidFd process)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() => loop.Add(process.Handle, EpollEvents.Read, _ =>
        {
            loop.Remove(process.Handle);
            ended.SetResult();
        }));
        return ended.Task;
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
