using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>How a pod's user namespace maps the owners of a root's files (user_namespaces(7), mount_setattr(2)).</summary>
/// <param name="UserNamespace">The namespace, open.</param>
/// <param name="HostUid">What its user 0 is on the host.</param>
/// <param name="HostGid">What its group 0 is on the host.</param>
internal sealed record RootIdMap(SafeFileHandle UserNamespace, uint HostUid, uint HostGid) : IDisposable
{
    public void Dispose() => UserNamespace.Dispose();
}
