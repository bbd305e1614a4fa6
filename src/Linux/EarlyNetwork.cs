using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.InternetSockets;
using static CriShim.Linux.LibC.Memory;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.PidFds;
using static CriShim.Linux.LibC.Pipes;
using static CriShim.Linux.LibC.Sockets;
using static CriShim.Linux.LibC.SyscallNumbers;
using static CriShim.Linux.LibC.Syscalls;

namespace CriShim.Linux;

/// <summary>
/// A network namespace, its loopback interface up, that is made on another CPU while the .NET runtime starts: of all that a container needs
/// it takes the kernel longest. Whether one is needed is guessed from the bundle; who knows it then takes the namespace, or lets it be.
/// </summary>
public static unsafe class EarlyNetwork
{
    private const int ConfigBytes = 65536;

    /// <summary>Of the descriptor: above those that a caller passes on, below where the kernel needs a larger table.</summary>
    private const int LeastNumber = 40;

    private static nint s_maker;
    private static nint s_network;

    /// <summary>Before the runtime is there: system calls only. What fails is left to be done later.</summary>
    internal static void Begin(int count, byte** arguments)
    {
        var memory = RawSyscall(SYS_mmap, 0, ConfigBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == -1)
        {
            return;
        }

        var config = (byte*)memory;
        if (IsWantedBy(new ReadOnlySpan<byte>(config, ReadConfig(BundleOf(count, arguments), config))))
        {
            fixed (byte* path = "/proc/self/ns/net\0"u8)
            {
                // A place for it: the maker has the same descriptors, but not the same memory (the runtime, as it starts, would wait for that).
                var own = RawSyscall(SYS_openat, AT_FDCWD, (nint)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
                s_network = RawSyscall(SYS_fcntl, own, F_DUPFD_CLOEXEC, LeastNumber, 0, 0, 0);
                RawSyscall(SYS_close, own, 0, 0, 0, 0, 0);
                var args = new clone_args { flags = CLONE_FILES };
                s_maker = RawSyscall(SYS_clone3, (nint)(&args), sizeof(clone_args), 0, 0, 0, 0);
                if (s_maker == 0)
                {
                    RawSyscall(SYS_exit_group, Make(path, s_network) ? 0 : 1, 0, 0, 0, 0, 0);
                }

                SendToAnotherCpu(s_maker);
            }
        }
    }

    /// <summary>Waits for it. Null where none was begun, or taken already, or it failed. The caller's.</summary>
    public static SafeFileHandle? Take()
    {
        var maker = s_maker;
        s_maker = 0;
        return maker > 0 && HasSucceeded((int)maker) ? new SafeFileHandle(s_network, ownsHandle: true) : null;
    }

    private static bool Make(byte* path, nint place)
    {
        fixed (byte* up = Loopback.Up)
        {
            var isMade = RawSyscall(SYS_unshare, (nint)CLONE_NEWNET, 0, 0, 0, 0, 0) == 0;
            var socket = RawSyscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0, 0, 0, 0);
            var isUp = RawSyscall(SYS_ioctl, socket, Loopback.SIOCSIFFLAGS, (nint)up, 0, 0, 0) == 0;
            RawSyscall(SYS_close, socket, 0, 0, 0, 0, 0);
            var opened = RawSyscall(SYS_openat, AT_FDCWD, (nint)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
            var isPlaced = RawSyscall(SYS_dup3, opened, place, O_CLOEXEC, 0, 0, 0) >= 0;
            RawSyscall(SYS_close, opened, 0, 0, 0, 0, 0);
            return isMade && isUp && isPlaced;
        }
    }

    /// <summary>Or it would often wait for this one, which goes on without a pause. Only where this process may run too; fails where there is no other.</summary>
    private static void SendToAnotherCpu(nint process)
    {
        const int Words = 16;
        uint own;
        var others = stackalloc ulong[Words];
        var length = RawSyscall(SYS_sched_getaffinity, 0, Words * sizeof(ulong), (nint)others, 0, 0, 0);
        RawSyscall(SYS_getcpu, (nint)(&own), 0, 0, 0, 0, 0);
        if (length > 0 && own / 64 < Words)
        {
            others[own / 64] &= ~(1UL << (int)(own % 64));
            RawSyscall(SYS_sched_setaffinity, process, length, (nint)others, 0, 0, 0);
        }
    }

    private static bool HasSucceeded(int maker)
    {
        siginfo_t info = default;
        int result;
        do
        {
            result = waitid(P_PID, maker, &info, WEXITED | __WALL);
        }
        while (result != 0 && Check.LastErrno == Errno.EINTR);

        return result == 0 && info is { si_code: CLD_EXITED, si_status: 0 };
    }

    /// <summary>The value of --bundle (-b), else the working folder.</summary>
    private static byte* BundleOf(int count, byte** arguments)
    {
        for (var i = 1; i < count; i++)
        {
            var word = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(arguments[i]);
            if (word.StartsWith("--bundle="u8))
            {
                return arguments[i] + "--bundle="u8.Length;
            }

            if (i + 1 < count && (word.SequenceEqual("--bundle"u8) || word.SequenceEqual("-b"u8)))
            {
                return arguments[i + 1];
            }
        }

        return null;
    }

    private static int ReadConfig(byte* bundle, byte* buffer)
    {
        fixed (byte* name = "config.json\0"u8)
        {
            var folder = bundle is null ? AT_FDCWD : RawSyscall(SYS_openat, AT_FDCWD, (nint)bundle, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
            var file = RawSyscall(SYS_openat, folder, (nint)name, O_RDONLY | O_CLOEXEC, 0, 0, 0);
            var length = RawSyscall(SYS_read, file, (nint)buffer, ConfigBytes, 0, 0, 0);
            RawSyscall(SYS_close, file, 0, 0, 0, 0, 0);
            RawSyscall(SYS_close, folder, 0, 0, 0, 0, 0);
            return Math.Max((int)length, 0);
        }
    }

    /// <summary>True when the list of namespaces seems to have one of type network without a path, and no user namespace, which would own it.</summary>
    internal static bool IsWantedBy(ReadOnlySpan<byte> config)
    {
        var network = FindValue(config, "\"network\""u8);
        return network >= 0 && FindValue(config, "\"user\""u8) < 0 && ObjectAround(config, network).IndexOf("\"path\""u8) < 0;
    }

    /// <summary>Where the text is a value, not the name of a member; -1: nowhere.</summary>
    private static int FindValue(ReadOnlySpan<byte> json, ReadOnlySpan<byte> text)
    {
        var start = 0;
        while (json[start..].IndexOf(text) is var found and >= 0)
        {
            start += found + text.Length;
            var rest = json[start..].TrimStart(" \t\r\n"u8);
            if (rest.IsEmpty || rest[0] != (byte)':')
            {
                return start - text.Length;
            }
        }

        return -1;
    }

    private static ReadOnlySpan<byte> ObjectAround(ReadOnlySpan<byte> json, int place)
    {
        var first = json[..place].LastIndexOf((byte)'{') + 1;
        var length = json[first..].IndexOf((byte)'}');
        return length < 0 ? json[first..] : json.Slice(first, length);
    }
}
