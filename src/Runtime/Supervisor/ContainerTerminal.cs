using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// The supervisor's side of a container's terminal. Its slave is held open too until the container init has ended: without any open slave
/// the master reports a hang-up (EIO), though the program may open its terminal again.
/// </summary>
/// <param name="master">Owned from now on.</param>
internal sealed class ContainerTerminal(SafeFileHandle master) : IDisposable
{
    private readonly SafeFileHandle _slave = Terminal.OpenSlave(master);

    /// <summary>Another descriptor of the master, the caller's.</summary>
    public SafeFileHandle Duplicate() => Fd.Duplicate(master);

    public void Resize(int rows, int columns)
    {
        if (rows is < 0 or > ushort.MaxValue || columns is < 0 or > ushort.MaxValue)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to resize terminal: {rows} rows, {columns} columns");
        }

        Terminal.SetSize(master, (ushort)rows, (ushort)columns);
    }

    /// <summary>From now on the output ends with the last process that has the terminal.</summary>
    public void ReleaseSlave() => _slave.Dispose();

    public void Dispose()
    {
        _slave.Dispose();
        master.Dispose();
    }
}
