using static CriShim.Linux.LibC.InternetSockets;
using static CriShim.Linux.LibC.Sockets;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Linux;

/// <summary>The loopback interface of a network namespace just made: it begins down (netdevice(7), SIOCSIFFLAGS).</summary>
public static class Loopback
{
    internal const nint SIOCSIFFLAGS = 0x8914;

    /// <summary>struct ifreq: 16 bytes of name, the flags (IFF_UP), padding to 40.</summary>
    internal static ReadOnlySpan<byte> Up => "lo\0\0\0\0\0\0\0\0\0\0\0\0\0\0\u0001\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8;

    /// <summary>In the network namespace that the program then is in.</summary>
    public static void AddSetUp(SyscallProgram program) => program
        .CallAndSave("open a socket to set lo up", SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC)
        .Call("set lo up", SYS_ioctl, SyscallProgram.SavedResult, SIOCSIFFLAGS, program.Bytes(Up))
        .Call("close", SYS_close, SyscallProgram.SavedResult);

    /// <summary>In the calling thread's.</summary>
    public static void SetUp()
    {
        using var program = new SyscallProgram();
        AddSetUp(program);
        program.Run();
    }
}
