using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Init;

/// <summary>The descriptors that came with the set-up, in the order of <see cref="InitMessage.Setup"/>.</summary>
internal sealed record InitDescriptors(SafeFileHandle? Rootfs, SeqPacketSocket? Gate, InheritedFds Preserved)
{
    public static InitDescriptors From(IReadOnlyList<SafeFileHandle> fds, InitSetup setup)
    {
        var next = 0;
        var rootfs = setup.HasRootfs ? fds[next++] : null;
        var gate = setup.HasGate ? new SeqPacketSocket(fds[next++]) : null;
        var preserved = new InheritedFds([.. Enumerable.Range(0, setup.PreservedFds).Select(i => (3 + i, fds[next + i]))]);
        return new InitDescriptors(rootfs, gate, preserved);
    }
}
