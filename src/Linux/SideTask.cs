using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.PidFds;
using static CriShim.Linux.LibC.SyscallNumbers;
using static CriShim.Linux.LibC.Syscalls;

namespace CriShim.Linux;

/// <summary>
/// A <see cref="SyscallProgram"/> that runs beside the calling thread, on another CPU: a task that shares this process's memory and
/// descriptors (so what it opens is this process's), but not its namespaces. It costs a tenth of a managed thread, which has a stack of
/// megabytes and a place in the collector's books. Throws <see cref="LinuxException"/>.
/// </summary>
public sealed unsafe class SideTask : IDisposable
{
    // One block: the stack, then what ends it, then the thread-local storage, whose errno is below the pointer that tells where it is.
    private const int StackBytes = 16384;
    private const int EndOfStackBytes = 64;
    private const int ThreadLocalBytes = 8192;
    private const int ThreadPointerBytes = 256;

    private readonly SyscallProgram _program;
    private readonly byte* _block;
    private readonly int _pid;
    private bool _ended;

    private SideTask(SyscallProgram program)
    {
        _program = program;
        _block = (byte*)NativeMemory.AlignedAlloc(StackBytes + EndOfStackBytes + ThreadLocalBytes + ThreadPointerBytes, 64);
        _pid = Clone();
    }

    /// <summary>The program is the caller's still, who disposes it after this.</summary>
    public static SideTask Start(SyscallProgram program) => new(program);

    /// <summary>Returns once the program is through. Throws <see cref="LinuxException"/> naming the step that failed.</summary>
    public void Wait()
    {
        var status = Join();
        _program.ThrowIfFailed(status);
    }

    public void Dispose()
    {
        Join();
        NativeMemory.AlignedFree(_block);
    }

    private int Clone()
    {
        var work = (Work*)(_block + StackBytes + sizeof(nint));
        work->Operations = (SyscallOp*)_program.CopyOperations();
        work->Count = _program.Operations.Count;
        var threadPointer = (nint*)(_block + StackBytes + EndOfStackBytes + ThreadLocalBytes);
        *threadPointer = (nint)threadPointer;

        // SAFETY: syscall(2) returns in the task as it does here, but to the address that lies on top of its stack; the third argument of
        // the call, of which the kernel takes two, is by then the third of a function (System V ABI, x86-64). The task has errno for itself.
        *(nint*)(_block + StackBytes) = (nint)(delegate*<nint, nint, Work*, void>)&Run;
        var args = new clone_args
        {
            flags = CLONE_VM | CLONE_FILES | CLONE_SETTLS,
            stack = (ulong)_block,
            stack_size = StackBytes,
            tls = (ulong)threadPointer,
        };
        var pid = RawSyscall(SYS_clone3, (nint)(&args), sizeof(clone_args), (nint)work, 0, 0, 0);
        if (pid < 0)
        {
            NativeMemory.AlignedFree(_block);
            throw new LinuxException((Errno)(*__errno_location()), "clone3");
        }

        return (int)pid;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run(nint ownArguments, nint theirSize, Work* work)
    {
        work->Status = SyscallProgram.Run(work->Operations, work->Count);
        while (true)
        {
            RawSyscall(SYS_exit, 0, 0, 0, 0, 0, 0);
        }
    }

    private long Join()
    {
        while (!_ended)
        {
            siginfo_t info = default;
            _ended = waitid(P_PID, _pid, &info, WEXITED | __WALL) == 0 || Check.LastErrno != Errno.EINTR;
        }

        return ((Work*)(_block + StackBytes + sizeof(nint)))->Status;
    }

    private struct Work
    {
        public SyscallOp* Operations;
        public int Count;
        public long Status;
    }
}
