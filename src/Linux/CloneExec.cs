using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.Polling;
using static CriShim.Linux.LibC.SyscallNumbers;
using static CriShim.Linux.LibC.Syscalls;

namespace CriShim.Linux;

/// <summary>
/// clone3(2) from managed code. The child is a copy of the calling thread alone; it runs a <see cref="SyscallProgram"/> that must end in an
/// execve, and nothing else. Meant for processes without busy threads: the copy of a thread that the collector is about to stop would wait
/// for ever (and be killed at the timeout). A server uses <see cref="ChildProcess"/>.
/// <code>
/// parent                              child
///   | pipe2(O_CLOEXEC)                  |
///   | clone3 -------------------------> | signal handlers are default (CLONE_CLEAR_SIGHAND)
///   | read the status pipe              | run the program
///   | &lt;---- end of file --------------- | execve closed the pipe: the user's program runs
///   | &lt;---- (operation, errno) -------- | an operation failed: exit 127
/// </code>
/// </summary>
public static unsafe class CloneExec
{
    private const int SIGCHLD = 17;

    /// <summary>Returns once the program's execve has succeeded. Throws <see cref="LinuxException"/> naming the step; nothing is left then.</summary>
    public static ClonedProcess Start(SyscallProgram program, CloneOptions options)
    {
        using var status = PipePair.Create();
        var child = Clone(program, options, status.Writer);
        try
        {
            status.Writer.Dispose();
            program.ThrowIfFailed(ReadStatus(status.Reader, options.ExecTimeout));
            return child;
        }
        catch
        {
            child.PidFd.SendSignal(9);
            child.PidFd.Reap();
            child.Dispose();
            throw;
        }
        finally
        {
            GC.KeepAlive(program);
        }
    }

    private static ClonedProcess Clone(SyscallProgram program, CloneOptions options, SafeFileHandle status)
    {
        if (options.PidNamespace is not { } pidNamespace)
        {
            return CloneHere(program, options, status);
        }

        using var own = Fd.Open("/proc/thread-self/ns/pid_for_children", LibC.Files.O_RDONLY);
        Check.Result(setns(pidNamespace, (int)CLONE_NEWPID), "setns", "the PID namespace");
        try
        {
            return CloneHere(program, options, status);
        }
        finally
        {
            Check.Result(setns(own, (int)CLONE_NEWPID), "setns", "the own PID namespace");
        }
    }

    private static ClonedProcess CloneHere(SyscallProgram program, CloneOptions options, SafeFileHandle status)
    {
        var pidfd = -1;
        var args = new clone_args
        {
            flags = options.Namespaces | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
            pidfd = (ulong)&pidfd,
            exit_signal = SIGCHLD,
        };
        if (options.Cgroup is { } cgroup)
        {
            args.flags |= CLONE_INTO_CGROUP;
            args.cgroup = (ulong)cgroup.DangerousGetHandle();
        }

        var statusFd = status.DangerousGetHandle();
        fixed (SyscallOp* ops = CollectionsMarshal.AsSpan((List<SyscallOp>)program.Operations))
        {
            var count = program.Operations.Count;
            Warm();

            // SAFETY: the child gets a copy of this stack and memory; it makes only raw system calls on memory that was filled before.
            var pid = RawSyscall(SYS_clone3, (nint)(&args), sizeof(clone_args), 0, 0, 0, 0);
            if (pid == 0)
            {
                RunChild(ops, count, statusFd);
            }

            return pid > 0
                ? new ClonedProcess((int)pid, new PidFd(new SafeFileHandle(pidfd, ownsHandle: true)))
                : throw new LinuxException((Errno)(*__errno_location()), "clone3");
        }
    }

    /// <summary>Under a JIT (unit tests) everything the child calls must have been compiled and bound before.</summary>
    private static void Warm()
    {
        SyscallOp failing = new() { Number = -1, OnError = OnError.TryNext };
        SyscallProgram.Run(&failing, 1);
    }

    private static void RunChild(SyscallOp* ops, int count, nint statusFd)
    {
        var failure = SyscallProgram.Run(ops, count);
        RawSyscall(SYS_write, statusFd, (nint)(&failure), sizeof(long), 0, 0, 0);
        while (true)
        {
            RawSyscall(SYS_exit_group, 127, 0, 0, 0, 0, 0);
        }
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
        var entry = new pollfd { fd = (int)fd.DangerousGetHandle(), events = POLLIN };
        var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            // SAFETY: one entry, on the stack.
            var ready = poll(&entry, 1, (int)Math.Max(0, deadline - Environment.TickCount64));
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
