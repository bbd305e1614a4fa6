using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Spawn;

namespace CriShim.Linux;

/// <summary>
/// An ordinary child process, startable from any thread of a process with many threads: posix_spawn(3) shares the memory until the execve
/// (no page table is copied) and runs no managed code in the child. Signals have their default action and are unblocked. The caller
/// must collect the end, through <see cref="PidFd.Reap"/> or <see cref="PidFd.TryReap"/>, or leave a zombie.
/// </summary>
public sealed class ChildProcess : IDisposable
{
    private ChildProcess(int pid, PidFd pidFd)
    {
        Pid = pid;
        PidFd = pidFd;
    }

    public int Pid { get; }

    /// <summary>Readable once the process has ended.</summary>
    public PidFd PidFd { get; }

    /// <summary>Returns once the execve has succeeded. Throws <see cref="LinuxException"/> with its errno (ENOENT: no such program).</summary>
    public static ChildProcess Start(ChildProcessOptions options)
    {
        using var program = new SyscallProgram();
        using var devNull = Fd.Open("/dev/null", O_RDWR);
        using var fds = new InheritedFds(WithStdio(options.Fds, devNull));
        var pid = SpawnWith(options, program, fds);
        return new ChildProcess(pid, PidFd.Open(pid) ?? throw new LinuxException(Errno.ESRCH, "pidfd_open", options.Path));
    }

    public void Dispose() => PidFd.Dispose();

    private static List<(int Number, SafeFileHandle Source)> WithStdio(IReadOnlyList<(int Number, SafeFileHandle Source)> fds, SafeFileHandle devNull)
    {
        var all = fds.ToList();
        for (var number = 0; number <= 2; number++)
        {
            if (!fds.Any(item => item.Number == number))
            {
                all.Add((number, devNull));
            }
        }

        return all;
    }

    private static unsafe int SpawnWith(ChildProcessOptions options, SyscallProgram memory, InheritedFds fds)
    {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        int pid;

        // SAFETY: the structures have glibc's sizes and are initialised and destroyed here; strings live in the program's memory.
        ThrowIfError(posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
        ThrowIfError(posix_spawnattr_init(&attributes), "posix_spawnattr_init");
        try
        {
            ThrowIfError(sigemptyset(&none), "sigemptyset");
            ThrowIfError(sigfillset(&all), "sigfillset");
            foreach (var number in options.InheritedSignals)
            {
                ThrowIfError(sigdelset(&all, number), "sigdelset");
            }

            var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (options.NewSession ? POSIX_SPAWN_SETSID : 0);
            ThrowIfError(posix_spawnattr_setsigmask(&attributes, &none), "posix_spawnattr_setsigmask");
            ThrowIfError(posix_spawnattr_setsigdefault(&attributes, &all), "posix_spawnattr_setsigdefault");
            ThrowIfError(posix_spawnattr_setflags(&attributes, (short)flags), "posix_spawnattr_setflags");
            foreach (var (number, source) in fds.Mapping)
            {
                ThrowIfError(
                    posix_spawn_file_actions_adddup2(&actions, (int)source.DangerousGetHandle(), number), "posix_spawn_file_actions_adddup2");
            }

            ThrowIfError(posix_spawn_file_actions_addclosefrom_np(&actions, fds.Last + 1), "posix_spawn_file_actions_addclosefrom_np");
            if (options.WorkingFolder is { } folder)
            {
                ThrowIfError(posix_spawn_file_actions_addchdir_np(&actions, folder), "posix_spawn_file_actions_addchdir_np");
            }

            var error = posix_spawn(
                &pid,
                (byte*)memory.Text(options.Path),
                &actions,
                &attributes,
                (byte**)memory.TextArray(options.Arguments),
                (byte**)memory.TextArray(options.Environment));
            ThrowIfError(error, "posix_spawn", options.Path);
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(&actions);
            _ = posix_spawnattr_destroy(&attributes);
        }

        return pid;
    }

    private static void ThrowIfError(int error, string call, string? subject = null)
    {
        if (error != 0)
        {
            throw new LinuxException((Errno)error, call, subject);
        }
    }
}
