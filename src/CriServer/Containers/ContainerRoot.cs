using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Containers;

/// <summary>Detached mounts that a container is made of; closed when they were passed on.</summary>
/// <param name="Volumes">Its image volumes, in the order of the mounts.</param>
internal sealed record ContainerRoot(SafeFileHandle Root, IReadOnlyList<SafeFileHandle> Volumes) : IDisposable
{
    public void Dispose()
    {
        Root.Dispose();
        foreach (var volume in Volumes)
        {
            volume.Dispose();
        }
    }
}
