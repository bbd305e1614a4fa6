using System.Runtime;
using System.Runtime.InteropServices;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.Pipes;
using static CriShim.Linux.LibC.SyscallNumbers;
using static CriShim.Linux.LibC.Syscalls;

namespace CriShim.Linux;

/// <summary>
/// What the C library calls in place of main() (the linker's <c>--wrap=main</c>), before the .NET runtime is there: a program that is to enter
/// containers executes itself again from a detached read-only mount of its file, which then nobody in a container can write by
/// /proc/PID/exe (CVE-2019-5736), for a fifth of what a whole second start costs; and what takes the kernel long is begun. Without the runtime
/// there are no objects, exceptions or static constructors, only system calls. What fails here is left to the program, which says why.
/// </summary>
public static unsafe partial class EarlyMain
{
    private static byte* s_commandLine;
    private static int s_commandLineBytes;

    /// <summary>What /proc/PID/cmdline says from now on, cut to as long as it was; for a process that others may see and that is another's copy.</summary>
    public static void Rename(ReadOnlySpan<byte> commandLine)
    {
        var place = new Span<byte>(s_commandLine, s_commandLineBytes);
        place.Clear();
        commandLine[..Math.Min(commandLine.Length, Math.Max(place.Length - 1, 0))].CopyTo(place);
    }

    [RuntimeExport("__wrap_main")]
    private static int Run(int count, byte** arguments, byte** environment)
    {
        OpenStdio();
        FindCommandLine(count, arguments);
        if (Has(count, arguments, "exec"u8))
        {
            ExecuteReadOnly(arguments, environment);
        }
        else if (Has(count, arguments, "run"u8) || Has(count, arguments, "create"u8))
        {
            ExecuteReadOnly(arguments, environment);
            EarlyNetwork.Begin(count, arguments);
        }

        return RealMain(count, arguments, environment);
    }

    /// <summary>Or what is opened next would be somebody's standard input.</summary>
    private static void OpenStdio()
    {
        fixed (byte* nothing = "/dev/null\0"u8)
        {
            for (var number = 0; number <= 2; number++)
            {
                if (RawSyscall(SYS_fcntl, number, F_GETFD, 0, 0, 0, 0) < 0)
                {
                    RawSyscall(SYS_openat, AT_FDCWD, (nint)nothing, O_RDWR, 0, 0, 0);
                }
            }
        }
    }

    /// <summary>The kernel puts the arguments one behind the other.</summary>
    private static void FindCommandLine(int count, byte** arguments)
    {
        if (count > 0)
        {
            var last = arguments[count - 1];
            s_commandLine = arguments[0];
            s_commandLineBytes = (int)(last - arguments[0]) + MemoryMarshal.CreateReadOnlySpanFromNullTerminated(last).Length + 1;
        }
    }

    /// <summary>Wherever the word stands: an execve, or a namespace, too many does no harm.</summary>
    private static bool Has(int count, byte** arguments, ReadOnlySpan<byte> word)
    {
        for (var i = 1; i < count; i++)
        {
            if (MemoryMarshal.CreateReadOnlySpanFromNullTerminated(arguments[i]).SequenceEqual(word))
            {
                return true;
            }
        }

        return false;
    }

    private static void ExecuteReadOnly(byte** arguments, byte** environment)
    {
        fixed (byte* own = "/proc/self/exe\0"u8, empty = "\0"u8)
        {
            statfs_t where;
            if (RawSyscall(SYS_statfs, (nint)own, (nint)(&where), 0, 0, 0, 0) != 0 || (where.f_flags & ST_RDONLY) != 0)
            {
                return;
            }

            var image = RawSyscall(SYS_open_tree, AT_FDCWD, (nint)own, (nint)(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), 0, 0, 0);
            mount_attr readOnly = default;
            readOnly.attr_set = MOUNT_ATTR_RDONLY;
            if (image >= 0 && RawSyscall(SYS_mount_setattr, image, (nint)empty, AT_EMPTY_PATH, (nint)(&readOnly), sizeof(mount_attr), 0) == 0)
            {
                RawSyscall(SYS_execveat, image, (nint)empty, (nint)arguments, (nint)environment, AT_EMPTY_PATH, 0);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "__real_main")]
    [SuppressGCTransition]
    private static partial int RealMain(int count, byte** arguments, byte** environment);
}
