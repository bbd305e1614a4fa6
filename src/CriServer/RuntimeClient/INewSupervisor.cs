using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>A supervisor that waits for its container. Disposed without one, it ends.</summary>
internal interface INewSupervisor : IDisposable
{
    /// <summary>Has it make the container, up to the gate before its program; once.</summary>
    /// <param name="mounts">Detached: the container's root, then its volumes.</param>
    Task<ISupervisor> CreateAsync(CreateRequest request, IReadOnlyList<SafeFileHandle> mounts, CancellationToken cancellationToken);
}
