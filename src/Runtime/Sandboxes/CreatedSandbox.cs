using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Sandboxes;

/// <param name="InitPid">Of the PID namespace's init; 0 without one.</param>
/// <param name="Netlink">A NETLINK_ROUTE socket in the network namespace; null without one.</param>
internal sealed record CreatedSandbox(int InitPid, ulong InitStartTime, SafeFileHandle? Netlink) : IDisposable
{
    public void Dispose() => Netlink?.Dispose();
}
