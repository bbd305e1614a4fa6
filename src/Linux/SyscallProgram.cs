using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static CriShim.Linux.LibC.SyscallNumbers;
using static CriShim.Linux.LibC.Syscalls;

namespace CriShim.Linux;

/// <summary>
/// A list of raw system calls, built beforehand, whose run needs no allocation, no lock and no managed service: it can run in the child of
/// a clone of a process with threads (<see cref="CloneExec"/>), or on the current thread. Buffers it points to live in native memory until
/// it is disposed.
/// </summary>
public sealed unsafe class SyscallProgram : IDisposable
{
    /// <summary>As first argument: the result of the last operation added by <see cref="CallAndSave"/>.</summary>
    public const nint SavedResult = int.MinValue;

    private const int CLOSE_RANGE_CLOEXEC = 4;
    private const int AllFds = int.MaxValue;

    private readonly List<SyscallOp> _ops = [];
    private readonly List<string> _steps = [];
    private readonly List<nint> _memory = [];
    private int _closeIndex = -1;

    ~SyscallProgram() => Free();

    /// <summary>Names of the operations, for errors.</summary>
    public IReadOnlyList<string> Steps => _steps;

    internal IReadOnlyList<SyscallOp> Operations => _ops;

    /// <summary>Appends a call. <paramref name="step"/> names it in the error, "chdir /app".</summary>
    public SyscallProgram Call(
        string step, int number, nint a0 = 0, nint a1 = 0, nint a2 = 0, nint a3 = 0, nint a4 = 0, nint a5 = 0, OnError onError = OnError.Fail)
    {
        _ops.Add(new SyscallOp { Number = number, A0 = a0, A1 = a1, A2 = a2, A3 = a3, A4 = a4, A5 = a5, OnError = onError });
        _steps.Add(step);
        return this;
    }

    /// <summary>Appends a call whose result later calls take as their first argument, <see cref="SavedResult"/>.</summary>
    public SyscallProgram CallAndSave(string step, int number, nint a0 = 0, nint a1 = 0, nint a2 = 0, nint a3 = 0, OnError onError = OnError.Fail)
    {
        _ops.Add(new SyscallOp { Number = number, A0 = a0, A1 = a1, A2 = a2, A3 = a3, OnError = onError, SavesResult = 1 });
        _steps.Add(step);
        return this;
    }

    /// <summary>Appends an openat2(2), whose descriptor later calls take as their first argument, <see cref="SavedResult"/>.</summary>
    public SyscallProgram OpenAndSave(string step, nint folder, string path, in LibC.Files.open_how how) =>
        CallAndSave(step, SYS_openat2, folder, Text(path), Struct(how), sizeof(LibC.Files.open_how));

    /// <summary>Appends a call whose result goes into the int at <paramref name="place"/>, memory of this program that a later call reads.</summary>
    public SyscallProgram CallAndStore(string step, nint place, int number, nint a0 = 0, nint a1 = 0, nint a2 = 0)
    {
        _ops.Add(new SyscallOp { Number = number, A0 = a0, A1 = a1, A2 = a2, StoreAt = place });
        _steps.Add(step);
        return this;
    }

    /// <summary>
    /// Appends the closing of every descriptor from <paramref name="first"/> on. In a clone they are closed at once (but the one that
    /// reports failures, which an execve closes); on the current thread they are marked close-on-exec. Once in a program.
    /// </summary>
    public SyscallProgram CloseFrom(int first)
    {
        _closeIndex = _ops.Count;
        return Call("close_range", SYS_close_range, first, AllFds).Call("close_range", SYS_close_range, first, AllFds);
    }

    /// <summary>A zero-terminated copy of the text in UTF-8. Throws ArgumentException when it contains a zero.</summary>
    public nint Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    /// <inheritdoc cref="Text(string)"/>
    public nint Text(ReadOnlySpan<byte> text)
    {
        if (text.Contains((byte)0))
        {
            throw new ArgumentException("a string for the kernel contains a zero byte", nameof(text));
        }

        var copy = Allocate(text.Length + 1);
        text.CopyTo(new Span<byte>((void*)copy, text.Length));
        return copy;
    }

    /// <summary>A copy of the bytes.</summary>
    public nint Bytes(ReadOnlySpan<byte> bytes)
    {
        var copy = Allocate(bytes.Length);
        bytes.CopyTo(new Span<byte>((void*)copy, bytes.Length));
        return copy;
    }

    /// <summary>A copy of the value, laid out as in C.</summary>
    public nint Struct<T>(in T value)
        where T : unmanaged => Bytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>A zero-terminated array of strings: argv, envp.</summary>
    public nint ByteStringArray(IReadOnlyList<byte[]> texts)
    {
        var array = (nint*)Allocate((texts.Count + 1) * sizeof(nint));
        for (var i = 0; i < texts.Count; i++)
        {
            array[i] = Text(texts[i]);
        }

        return (nint)array;
    }

    /// <inheritdoc cref="ByteStringArray"/>
    public nint TextArray(IReadOnlyList<string> texts) => ByteStringArray([.. texts.Select(Encoding.UTF8.GetBytes)]);

    /// <summary>Runs all on the current thread. Returns unless an execve succeeds. Throws <see cref="LinuxException"/> naming the step.</summary>
    public void Run()
    {
        if (_closeIndex >= 0)
        {
            var ops = CollectionsMarshal.AsSpan(_ops);
            ops[_closeIndex].A2 = CLOSE_RANGE_CLOEXEC;
            ops[_closeIndex + 1].A2 = CLOSE_RANGE_CLOEXEC;
        }

        fixed (SyscallOp* ops = CollectionsMarshal.AsSpan(_ops))
        {
            ThrowIfFailed(Run(ops, _ops.Count));
        }

        GC.KeepAlive(this);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>The loop itself: no allocation, no lock, no call but the raw system calls. 0, or (operation's index + 1) shifted left by 32 | errno.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static long Run(SyscallOp* ops, int count)
    {
        nint saved = -1;
        var candidateErrno = 0;
        for (var i = 0; i < count; i++)
        {
            var op = ops + i;
            var result = RawSyscall(op->Number, op->A0 == SavedResult ? saved : op->A0, op->A1, op->A2, op->A3, op->A4, op->A5);
            if (result != -1)
            {
                saved = op->SavesResult != 0 ? result : saved;
                if (op->StoreAt != 0)
                {
                    *(int*)op->StoreAt = (int)result;
                }

                continue;
            }

            var errno = *__errno_location();
            if (op->OnError == OnError.Ignore)
            {
                continue;
            }

            if (op->OnError != OnError.Fail && IsNoProgram(errno))
            {
                candidateErrno = candidateErrno == (int)Errno.EACCES ? candidateErrno : errno;
                if (op->OnError == OnError.TryNext)
                {
                    continue;
                }

                errno = candidateErrno;
            }

            return ((long)(i + 1) << 32) | (uint)errno;
        }

        return 0;
    }

    /// <summary>The close ranges leave <paramref name="statusFd"/> open.</summary>
    internal void KeepOpen(int statusFd)
    {
        if (_closeIndex >= 0)
        {
            var ops = CollectionsMarshal.AsSpan(_ops);
            var first = ops[_closeIndex].A0;
            ops[_closeIndex + 1].A0 = statusFd + 1;
            if (first < statusFd)
            {
                ops[_closeIndex].A1 = statusFd - 1;
            }
            else
            {
                ops[_closeIndex] = new SyscallOp { Number = SYS_getpid };
            }
        }
    }

    internal void ThrowIfFailed(long status)
    {
        if (status != 0)
        {
            throw new LinuxException((Errno)(int)status, _steps[(int)(status >> 32) - 1]);
        }
    }

    private static bool IsNoProgram(int errno) => errno is (int)Errno.ENOENT or (int)Errno.ENOTDIR or (int)Errno.EACCES;

    private nint Allocate(int length)
    {
        var memory = (nint)NativeMemory.AllocZeroed((nuint)Math.Max(length, 1));
        _memory.Add(memory);
        return memory;
    }

    private void Free()
    {
        foreach (var memory in _memory)
        {
            NativeMemory.Free((void*)memory);
        }

        _memory.Clear();
    }
}
