using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Containers;

/// <summary>Runs a spec's hooks in order, each with the container's state on its stdin (config.md, "POSIX-platform Hooks").</summary>
internal static class Hooks
{
    public static State StateOf(CreatedContainer container, string status) =>
        StateOf(container.Id, container.BundlePath, container.Spec, container.Pid, status);

    public static State StateOf(string id, string bundlePath, Spec spec, int pid, string status) => new()
    {
        Id = id,
        Status = status,
        Pid = pid > 0 ? pid : null,
        Bundle = bundlePath,
        Annotations = spec.Annotations,
    };

    /// <summary>Throws <see cref="RuntimeException"/> at the first that fails; those after it do not run.</summary>
    public static void Run(IReadOnlyList<HookSpec>? hooks, string kind, State state)
    {
        for (var i = 0; i < (hooks?.Count ?? 0); i++)
        {
            try
            {
                RunOne(hooks![i], StateWriter.Write(state));
            }
            catch (Exception e) when (e is LinuxException or TimeoutException or InvalidOperationException)
            {
                throw new RuntimeException(RuntimeErrorKind.Unknown, $"failed to run {kind} hook {i} \"{hooks![i].Path}\": {e.Message}", e);
            }
        }
    }

    /// <summary>
    /// The hooks after the start of the user's program. When one fails the container's init is killed: a container whose hooks did not
    /// run is not to go on (runtime.md, "Lifecycle", step 9). Throws <see cref="RuntimeException"/>.
    /// </summary>
    public static void RunPoststart(Spec spec, State state, PidFd init)
    {
        try
        {
            Run(spec.Hooks?.Poststart, "poststart", state);
        }
        catch (RuntimeException)
        {
            init.SendSignal(SIGKILL);
            throw;
        }
    }

    /// <summary>As <see cref="Run"/>, but every hook runs and failures are only reported: for poststop, when nothing can be undone.</summary>
    public static IReadOnlyList<RuntimeException> RunAll(IReadOnlyList<HookSpec>? hooks, string kind, State state)
    {
        var failures = new List<RuntimeException>();
        foreach (var hook in hooks ?? [])
        {
            try
            {
                Run([hook], kind, state);
            }
            catch (RuntimeException e)
            {
                failures.Add(e);
            }
        }

        return failures;
    }

    private static void RunOne(HookSpec hook, byte[] state)
    {
        using var stdin = PipePair.Create();
        using var stderr = Fd.Open("/proc/self/fd/2", O_WRONLY | O_APPEND);
        using var process = ChildProcess.Start(new ChildProcessOptions(hook.Path, hook.Args is { Count: > 0 } args ? args : [hook.Path])
        {
            Environment = hook.Env ?? [],
            Fds = [(0, stdin.Reader), (2, stderr)],
        });
        stdin.Reader.Dispose();
        try
        {
            Fd.WriteAll(stdin.Writer, state);
        }
        catch (LinuxException e) when (e.Errno == Errno.EPIPE)
        {
            // A hook need not read its input.
        }

        stdin.Writer.Dispose();
        AwaitEnd(process, hook.Timeout);
        var exit = process.PidFd.Reap();
        if (exit.ExitCode != 0)
        {
            throw new InvalidOperationException($"exit code {exit.ExitCode}");
        }
    }

    private static void AwaitEnd(ChildProcess process, int? timeoutSeconds)
    {
        if (timeoutSeconds is > 0 && !ProcessEnd.Wait(process.PidFd, TimeSpan.FromSeconds(timeoutSeconds.Value)))
        {
            process.PidFd.SendSignal(SIGKILL);
            process.PidFd.Reap();
            throw new TimeoutException($"not done after {timeoutSeconds} s");
        }
    }
}
