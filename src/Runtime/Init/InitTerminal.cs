using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Rootfs;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Init;

/// <summary>The container's own terminal: stdin, stdout, stderr, and /dev/console.</summary>
internal static class InitTerminal
{
    private const string Master = "/dev/pts/ptmx";

    /// <summary>Returns the master, for whoever relays it.</summary>
    public static SafeFileHandle Open(RootFd root, Spec spec)
    {
        var master = root.Open(Master, O_RDWR | O_NOCTTY);
        if (DetachedMount.FileSystemType(master) != DEVPTS_SUPER_MAGIC)
        {
            throw new LinuxException(Errno.ENODEV, "openat2", Master);
        }

        using var slave = Terminal.OpenSlave(master);
        if (spec.Process!.ConsoleSize is { } size)
        {
            Terminal.SetSize(master, (ushort)size.Height, (ushort)size.Width);
        }

        DeviceNodes.BindOver(root, "/dev/console", slave);
        Check.Result(fchown(slave, spec.Process.User.Uid, unchecked((uint)-1)), "fchown", "the terminal");
        Terminal.MakeControlling(slave);
        for (var number = 0; number <= 2; number++)
        {
            Check.Result(dup3(slave, number, 0), "dup3");
        }

        return master;
    }
}
