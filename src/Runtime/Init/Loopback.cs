using CriShim.Linux;
using static CriShim.Linux.LibC.InternetSockets;
using static CriShim.Linux.LibC.Sockets;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Init;

/// <summary>The loopback interface of a network namespace just made: it begins down (netdevice(7), SIOCSIFFLAGS).</summary>
internal static class Loopback
{
    private const nint SIOCSIFFLAGS = 0x8914;
    private const int IfreqBytes = 40;
    private const int IFNAMSIZ = 16;
    private const byte IFF_UP = 1;

    /// <summary>In the network namespace that the program then is in.</summary>
    public static void AddSetUp(SyscallProgram program)
    {
        Span<byte> request = stackalloc byte[IfreqBytes];
        request.Clear();
        "lo"u8.CopyTo(request);
        request[IFNAMSIZ] = IFF_UP;
        program
            .CallAndSave("open a socket to set lo up", SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC)
            .Call("set lo up", SYS_ioctl, SyscallProgram.SavedResult, SIOCSIFFLAGS, program.Bytes(request))
            .Call("close", SYS_close, SyscallProgram.SavedResult);
    }

    /// <summary>In the calling thread's.</summary>
    public static void SetUp()
    {
        using var program = new SyscallProgram();
        AddSetUp(program);
        program.Run();
    }
}
