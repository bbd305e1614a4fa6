using System.Runtime.InteropServices;
using CriShim.Linux;
using CriShim.Runtime.Init;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Containers;

/// <summary>
/// A network namespace, its loopback interface up, that is made on another CPU while the caller gets the rest of a container ready: of all
/// that a clone makes it takes the kernel longest. It belongs to the caller's user namespace. Throws <see cref="LinuxException"/>.
/// </summary>
internal sealed class NewNetwork : IDisposable
{
    private readonly SyscallProgram _program = new();
    private readonly nint _number;
    private readonly SideTask _maker;

    private NewNetwork()
    {
        _number = _program.Struct(-1);
        _program.Call("unshare the network namespace", SYS_unshare, (nint)CLONE_NEWNET);
        Loopback.AddSetUp(_program);
        _program.CallAndStore("open the network namespace", _number, SYS_openat, AT_FDCWD, _program.Text("/proc/self/ns/net"), O_RDONLY | O_CLOEXEC);
        _maker = SideTask.Start(_program);
    }

    public static NewNetwork Begin() => new();

    /// <summary>Waits for it. The namespace is the caller's.</summary>
    public SafeFileHandle Take()
    {
        _maker.Wait();
        return Take(Marshal.ReadInt32(_number));
    }

    public void Dispose()
    {
        _maker.Dispose();
        if (Marshal.ReadInt32(_number) is var number and >= 0)
        {
            Take(number).Dispose();
        }

        _program.Dispose();
    }

    private SafeFileHandle Take(int number)
    {
        Marshal.WriteInt32(_number, -1);
        return new SafeFileHandle(number, ownsHandle: true);
    }
}
