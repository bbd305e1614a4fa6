using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>A supervisor that waits for its container. Disposed without one, it ends.</summary>
internal interface INewSupervisor : IDisposable
{
    /// <summary>Has it make the container, up to the gate before its program; once.</summary>
    /// <param name="rootfs">Detached mount to use as the container's root; null: the spec's root path.</param>
    Task<ISupervisor> CreateAsync(CreateRequest request, SafeFileHandle? rootfs, CancellationToken cancellationToken);
}
