using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>
/// syscall(2) without a GC transition: usable where no managed runtime service may run, between a clone and an execve. The calls are
/// short or made by a process that shares nothing with the collector.
/// </summary>
internal static unsafe partial class Syscalls
{
    [LibraryImport("libc", EntryPoint = "syscall")]
    [SuppressGCTransition]
    public static partial nint RawSyscall(nint number, nint a0, nint a1, nint a2, nint a3, nint a4, nint a5);

    [LibraryImport("libc")]
    [SuppressGCTransition]
    public static partial int* __errno_location();
}
