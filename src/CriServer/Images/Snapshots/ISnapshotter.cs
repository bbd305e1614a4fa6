using CriShim.CriServer.Errors;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>The roots of containers: a writable layer of each container's own over its image's layers; and images as read-only volumes.</summary>
internal interface ISnapshotter
{
    /// <summary>Makes a container's writable layer over the image.</summary>
    /// <param name="volumes">Images that the container has as volumes: their layers stay as long as the snapshot.</param>
    /// <exception cref="CriException">NotFound: an image was removed meanwhile. AlreadyExists: the container has one.</exception>
    void Prepare(string containerId, Image image, IReadOnlyList<Image>? volumes = null);

    /// <summary>The container's root as a detached mount; the caller's to pass on and close.</summary>
    /// <param name="ids">The pod's user namespace, where it has one: the image's owners are seen as that namespace's.</param>
    /// <param name="label">SELinux context of all files; null: none.</param>
    /// <exception cref="CriException">
    /// NotFound: the container has no snapshot. FailedPrecondition: kernel or file system cannot map owners.
    /// </exception>
    SafeFileHandle MountRootfs(string containerId, RootIdMap? ids = null, string? label = null);

    /// <summary>One of the container's image volumes as a detached mount that nothing can be written to; the caller's to pass on and close.</summary>
    /// <param name="number">Its place in the list that <see cref="Prepare"/> was given.</param>
    /// <inheritdoc cref="MountRootfs"/>
    SafeFileHandle MountVolume(string containerId, int number, RootIdMap? ids = null, string? label = null);

    /// <summary>Takes the snapshot away; its files go behind the caller's back. One that is not there is no error.</summary>
    void Remove(string containerId);

    /// <summary>Containers that have one.</summary>
    IReadOnlyList<string> List();

    /// <summary>The folder of what the container wrote, for accounting.</summary>
    string WritableFolder(string containerId);
}
