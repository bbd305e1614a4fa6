using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Containers;

/// <summary>A new terminal of the container's own devpts, opened from outside: its root is resolved by descriptor like any hostile folder.</summary>
internal sealed class ExecTerminal : IDisposable
{
    private const string Ptmx = "/dev/pts/ptmx";
    private const uint PtmxMajor = 5;
    private const uint PtmxMinor = 2;

    private ExecTerminal(SafeFileHandle master, SafeFileHandle slave)
    {
        Master = master;
        Slave = slave;
    }

    public SafeFileHandle Master { get; }

    public SafeFileHandle Slave { get; }

    /// <param name="uidMappings">Of the container's user namespace.</param>
    public static ExecTerminal Open(int initPid, ProcessSpec process, IReadOnlyList<IdMapping>? uidMappings)
    {
        var master = OpenMaster(initPid);
        SafeFileHandle? slave = null;
        try
        {
            slave = Terminal.OpenSlave(master);
            if (process.ConsoleSize is { } size)
            {
                Terminal.SetSize(master, (ushort)size.Height, (ushort)size.Width);
            }

            if (IdMappings.ToHost(process.User.Uid, uidMappings) is { } owner)
            {
                Check.Result(fchown(slave, owner, unchecked((uint)-1)), "fchown", "the terminal");
            }

            return new ExecTerminal(master, slave);
        }
        catch
        {
            slave?.Dispose();
            master.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Slave.Dispose();
        Master.Dispose();
    }

    /// <summary>Looked at before it is opened: opening a device or a fifo that the container put there could hang or have effects.</summary>
    private static SafeFileHandle OpenMaster(int initPid)
    {
        using var root = new RootFd(Fd.Open($"/proc/{initPid}/root", O_PATH | O_DIRECTORY));
        using var place = root.Open(Ptmx, O_PATH | O_NOFOLLOW);
        var status = FileStatus.Of(place, Ptmx);
        return status.IsCharacterDevice && (status.Major, status.Minor) == (PtmxMajor, PtmxMinor) && DetachedMount.FileSystemType(place) == DEVPTS_SUPER_MAGIC
            ? Fd.Open($"/proc/self/fd/{place.DangerousGetHandle()}", O_RDWR | O_NOCTTY)
            : throw new LinuxException(Errno.ENODEV, "openat2", Ptmx);
    }
}
