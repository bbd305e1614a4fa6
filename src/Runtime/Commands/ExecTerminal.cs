using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Commands;

/// <summary>A new terminal of the container's own devpts, opened from outside: its root is resolved by descriptor like any hostile folder.</summary>
internal sealed class ExecTerminal : IDisposable
{
    private const string Ptmx = "/dev/pts/ptmx";

    private ExecTerminal(SafeFileHandle master, SafeFileHandle slave)
    {
        Master = master;
        Slave = slave;
    }

    public SafeFileHandle Master { get; }

    public SafeFileHandle Slave { get; }

    public static ExecTerminal Open(int initPid, ProcessSpec process)
    {
        using var root = new RootFd(Fd.Open($"/proc/{initPid}/root", O_PATH | O_DIRECTORY));
        var master = root.Open(Ptmx, O_RDWR | O_NOCTTY);
        if (DetachedMount.FileSystemType(master) != DEVPTS_SUPER_MAGIC)
        {
            throw new LinuxException(Errno.ENODEV, "openat2", Ptmx);
        }

        var slave = Terminal.OpenSlave(master);
        if (process.ConsoleSize is { } size)
        {
            Terminal.SetSize(master, (ushort)size.Height, (ushort)size.Width);
        }

        Check.Result(fchown(slave, process.User.Uid, unchecked((uint)-1)), "fchown", "the terminal");
        return new ExecTerminal(master, slave);
    }

    public void Dispose()
    {
        Slave.Dispose();
        Master.Dispose();
    }
}
