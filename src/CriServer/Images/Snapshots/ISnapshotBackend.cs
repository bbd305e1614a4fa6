using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>A way to make a root out of layers and a writable layer.</summary>
internal interface ISnapshotBackend
{
    /// <summary>overlay or copy.</summary>
    string Name { get; }

    /// <summary>Makes the writable layer in an empty folder.</summary>
    /// <param name="layers">The layers' files, lowest first; none for an image without layers.</param>
    void Prepare(string folder, IReadOnlyList<string> layers);

    /// <summary>A detached mount of the root, in no mount namespace: whoever gets the descriptor attaches it.</summary>
    /// <param name="ids">Null where the container has the host's users.</param>
    /// <param name="label">SELinux context of all files; null: none. A copy has files of its own, which are labelled.</param>
    SafeFileHandle Mount(string folder, IReadOnlyList<string> layers, RootIdMap? ids = null, string? label = null);

    /// <summary>The same, for a mount that is made read-only: nothing is written to the folder, whose owners are the image's.</summary>
    SafeFileHandle MountReadOnly(string folder, IReadOnlyList<string> layers, RootIdMap? ids = null, string? label = null);

    /// <summary>The folder of what the container wrote.</summary>
    string WritableFolder(string folder);
}
