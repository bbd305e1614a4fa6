using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.Pipes;
using static CriShim.Linux.LibC.Polling;
using static CriShim.Linux.LibC.Processes;
using static CriShim.Linux.LibC.Signals;
using static CriShim.Linux.LibC.SyscallNumbers;
using static CriShim.Linux.LibC.Syscalls;

namespace CriShim.Linux;

/// <summary>
/// clone3(2) from managed code. The child is a copy of the calling thread alone; it runs a <see cref="SyscallProgram"/> that must end in an
/// execve, and nothing else; or it goes on with managed code. Meant for processes without busy threads: the copy of a thread that the
/// collector is about to stop would wait for ever (and be killed at the timeout). A server uses <see cref="ChildProcess"/>.
/// <code>
/// parent                              child
///   | pipe2(O_CLOEXEC)                  |
///   | clone3 -------------------------> | signal handlers are default (CLONE_CLEAR_SIGHAND), unless managed code goes on
///   |                                   | to join a user namespace: setns, then a second clone3 with CLONE_PARENT
///   | &lt;---- (pid of the second) ------- |   makes the parent's child that goes on; this one ends
///   | read the status pipe              | run the program
///   | &lt;---- end of file --------------- | execve closed the pipe: the user's program runs
///   | &lt;---- (operation, errno) -------- | an operation failed: exit 127
/// </code>
/// </summary>
public static unsafe class CloneExec
{
    private const int SIGCHLD = 17;
    private const int FailureExitCode = 127;
    private const nint NoStatus = -1;

    /// <summary>Marks a status that is not an operation's: the steps before the program.</summary>
    private const long BeforeProgram = 1L << 62;

    /// <summary>Returns once the program's execve has succeeded. Throws <see cref="LinuxException"/> naming the step; nothing is left then.</summary>
    public static ClonedProcess Start(SyscallProgram program, CloneOptions options) => Start(program, null, options);

    /// <summary>
    /// The child goes on with managed code, in a copy of this process and of all its descriptors, on the copy of this thread alone: there is no
    /// finalizer thread, and <see cref="Environment.ProcessId"/> may be this process's. Signal handlers stay.
    /// </summary>
    /// <param name="next">Ends in an execve or with the exit code. What it throws ends the child: its caller is not to see it.</param>
    public static ClonedProcess Continue(Func<int> next, CloneOptions options)
    {
        if (FinalizerThread.IsRunning)
        {
            // The child has a copy of what that thread holds locked, and nobody to unlock it: it must be asleep.
            GC.WaitForPendingFinalizers();
        }

        using var nothing = new SyscallProgram();
        return Start(nothing, next, options);
    }

    private static ClonedProcess Start(SyscallProgram program, Func<int>? next, CloneOptions options)
    {
        using var status = PipePair.Create();
        var writer = new SafeFileHandle(
            Check.Result(fcntl(status.Writer, F_DUPFD_CLOEXEC, options.FirstFreeFd), "fcntl(F_DUPFD_CLOEXEC)"), ownsHandle: true);
        status.Writer.Dispose();
        ClonedProcess? child = null;
        try
        {
            using (writer)
            {
                program.KeepOpen((int)writer.DangerousGetHandle());
                child = Clone(program, next, options, writer);
            }

            child = options.UserNamespace is null ? child : ReplaceByGrandchild(child, status.Reader, options.ExecTimeout);
            options.OnCloned?.Invoke(child.Pid);
            if (next is null)
            {
                program.ThrowIfFailed(ReadStatus(status.Reader, options.ExecTimeout));
            }

            return child;
        }
        catch
        {
            child?.PidFd.SendSignal(SIGKILL);
            _ = child?.PidFd.Reap();
            child?.Dispose();
            throw;
        }
        finally
        {
            GC.KeepAlive(program);
        }
    }

    private static ClonedProcess Clone(SyscallProgram program, Func<int>? next, CloneOptions options, SafeFileHandle status)
    {
        if (options.PidNamespace is not { } pidNamespace || options.UserNamespace is not null)
        {
            return CloneHere(program, next, options, status);
        }

        using var own = Fd.Open("/proc/thread-self/ns/pid_for_children", LibC.Files.O_RDONLY);
        Check.Result(setns(pidNamespace, (int)CLONE_NEWPID), "setns", "the PID namespace");
        try
        {
            return CloneHere(program, next, options, status);
        }
        finally
        {
            Check.Result(setns(own, (int)CLONE_NEWPID), "setns", "the own PID namespace");
        }
    }

    private static ClonedProcess CloneHere(SyscallProgram program, Func<int>? next, CloneOptions options, SafeFileHandle status)
    {
        var pidfd = -1;
        var joinsUser = options.UserNamespace is not null;
        var handlers = next is null ? CLONE_CLEAR_SIGHAND : 0;
        var args = new clone_args
        {
            flags = (joinsUser ? 0 : options.Namespaces) | CLONE_PIDFD | handlers,
            pidfd = (ulong)&pidfd,
            exit_signal = SIGCHLD,
        };
        if (options.Cgroup is { } cgroup)
        {
            args.flags |= CLONE_INTO_CGROUP;
            args.cgroup = (ulong)cgroup.DangerousGetHandle();
        }

        // The second clone's; its exit signal is the first's (CLONE_PARENT).
        var secondArgs = new clone_args { flags = options.Namespaces | CLONE_PARENT | handlers };
        var statusFd = status.DangerousGetHandle();
        var userFd = options.UserNamespace?.DangerousGetHandle() ?? -1;
        var pidFd = options.PidNamespace?.DangerousGetHandle() ?? -1;
        fixed (SyscallOp* ops = CollectionsMarshal.AsSpan((List<SyscallOp>)program.Operations))
        {
            var count = program.Operations.Count;
            Warm();

            // SAFETY: the child gets a copy of this stack and memory; it makes only raw system calls on memory that was filled before.
            var pid = RawSyscall(SYS_clone3, (nint)(&args), sizeof(clone_args), 0, 0, 0, 0);
            if (pid == 0)
            {
                if (joinsUser)
                {
                    EnterUserNamespace(userFd, pidFd, &secondArgs, statusFd);
                }

                if (next is not null)
                {
                    GoOn(next, statusFd);
                }

                RunChild(ops, count, statusFd);
            }

            return pid > 0
                ? new ClonedProcess((int)pid, new PidFd(new SafeFileHandle(pidfd, ownsHandle: true)))
                : throw new LinuxException((Errno)(*__errno_location()), "clone3");
        }
    }

    /// <summary>
    /// Under a JIT (unit tests) everything the child calls must have been compiled and bound before: the memory of compiled code is
    /// shared with the parent.
    /// </summary>
    private static void Warm()
    {
        SyscallOp failing = new() { Number = -1, OnError = OnError.TryNext };
        RunChild(&failing, 1, NoStatus);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunChild(SyscallOp* ops, int count, nint statusFd) => ReportAndExit(SyscallProgram.Run(ops, count), statusFd);

    /// <summary>Never returns: the frames above, and what they catch, are the parent's.</summary>
    private static void GoOn(Func<int> next, nint statusFd)
    {
        RawSyscall(SYS_close, statusFd, 0, 0, 0, 0, 0);
        var exitCode = FailureExitCode;
        try
        {
            exitCode = next();
        }
        finally
        {
            RawSyscall(SYS_exit_group, exitCode, 0, 0, 0, 0, 0);
        }
    }

    /// <summary>Returns in the second clone only.</summary>
    private static void EnterUserNamespace(nint userFd, nint pidFd, clone_args* second, nint statusFd)
    {
        var failed = RawSyscall(SYS_setns, userFd, (nint)CLONE_NEWUSER, 0, 0, 0, 0) != 0
            || RawSyscall(SYS_setresgid, 0, 0, 0, 0, 0, 0) != 0
            || RawSyscall(SYS_setresuid, 0, 0, 0, 0, 0, 0) != 0
            || RawSyscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0) != 0
            || (pidFd >= 0 && RawSyscall(SYS_setns, pidFd, (nint)CLONE_NEWPID, 0, 0, 0, 0) != 0);
        var pid = failed ? -1 : RawSyscall(SYS_clone3, (nint)second, sizeof(clone_args), 0, 0, 0, 0);
        if (pid != 0)
        {
            ReportAndExit(pid > 0 ? pid : BeforeProgram | (uint)*__errno_location(), statusFd);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReportAndExit(long status, nint statusFd)
    {
        if (statusFd == NoStatus)
        {
            return;
        }

        RawSyscall(SYS_write, statusFd, (nint)(&status), sizeof(long), 0, 0, 0);
        while (true)
        {
            RawSyscall(SYS_exit_group, FailureExitCode, 0, 0, 0, 0, 0);
        }
    }

    /// <summary>The first clone reports the second's pid in the caller's PID namespace, and ends. Its own end is collected here.</summary>
    private static ClonedProcess ReplaceByGrandchild(ClonedProcess first, SafeFileHandle reader, TimeSpan timeout)
    {
        var pid = ReadStatus(reader, timeout);
        if (pid is 0 or >= BeforeProgram)
        {
            throw new LinuxException((Errno)(int)pid, "enter the user namespace");
        }

        first.PidFd.Reap();
        first.Dispose();
        return new ClonedProcess((int)pid, PidFd.Open((int)pid) ?? throw new LinuxException(Errno.ESRCH, "pidfd_open"));
    }

    private static long ReadStatus(SafeFileHandle reader, TimeSpan timeout)
    {
        if (!WaitReadable(reader, timeout))
        {
            throw new LinuxException(Errno.ETIMEDOUT, "execve");
        }

        Span<byte> status = stackalloc byte[sizeof(long)];
        return Fd.Read(reader, status, "status pipe") == status.Length ? MemoryMarshal.Read<long>(status) : 0;
    }

    private static bool WaitReadable(SafeFileHandle fd, TimeSpan timeout)
    {
        Span<pollfd> entry = [new pollfd { fd = (int)fd.DangerousGetHandle(), events = POLLIN }];
        var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            var ready = poll(entry, 1, (int)Math.Max(0, deadline - Environment.TickCount64));
            if (ready >= 0)
            {
                return ready > 0;
            }

            if (Check.LastErrno is var errno && errno != Errno.EINTR)
            {
                throw new LinuxException(errno, "poll");
            }
        }
    }
}
