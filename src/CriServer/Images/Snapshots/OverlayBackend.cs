using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>
/// overlayfs over the layers' folders (filesystems/overlayfs.rst), made as a detached mount: the host's mount table never shows it, and it
/// is gone when the last namespace that has it is.
/// </summary>
/// <param name="options">Mount options that every overlay gets, as the kernel was found to take them.</param>
/// <param name="layerByLayer">The kernel takes each layer as an option of its own (6.5); else all in one string.</param>
internal sealed class OverlayBackend(IReadOnlyList<string> options, bool layerByLayer) : ISnapshotBackend
{
    private const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string UpperName = "upper";
    private const string WorkName = "work";
    private const string EmptyName = "empty";

    public string Name => "overlay";

    public void Prepare(string folder, IReadOnlyList<string> layers)
    {
        RootAttributes.MakeFolder(WritableFolder(folder));
        Directory.CreateDirectory(Path.Combine(folder, WorkName), PrivateMode);
        if (layers.Count == 0)
        {
            RootAttributes.MakeFolder(Path.Combine(folder, EmptyName));
        }
        else
        {
            RootAttributes.Copy(layers[^1], WritableFolder(folder));
        }
    }

    /// <remarks>
    /// In a user namespace each layer is an ID-mapped clone of itself, and what the container writes is stored with the owners that it has on
    /// the host: overlayfs itself cannot be ID-mapped, and makes its own files as a user that the map does not have.
    /// </remarks>
    public SafeFileHandle Mount(string folder, IReadOnlyList<string> layers, RootIdMap? ids = null, string? label = null)
    {
        if (ids is not null)
        {
            RootAttributes.SetOwner(layers.Count > 0 ? layers[^1] : Path.Combine(folder, EmptyName), WritableFolder(folder), ids);
        }

        using var upper = OpenFolder(WritableFolder(folder));
        using var work = OpenFolder(Path.Combine(folder, WorkName));
        return MountLayers(folder, layers, [("upperdir", upper), ("workdir", work)], options, ids, label);
    }

    /// <remarks>Without a writable layer; the folder of one is the highest of the layers, for what it says of folders.</remarks>
    public SafeFileHandle MountReadOnly(string folder, IReadOnlyList<string> layers, RootIdMap? ids = null, string? label = null) =>
        MountLayers(folder, [.. layers.Count > 0 ? layers : [Path.Combine(folder, EmptyName)], WritableFolder(folder)], [], [], ids, label);

    public string WritableFolder(string folder) => Path.Combine(folder, UpperName);

    /// <param name="layers">Lowest first.</param>
    /// <param name="writable">Options that name a folder.</param>
    private SafeFileHandle MountLayers(
        string folder, IReadOnlyList<string> layers, IReadOnlyList<(string Option, SafeFileHandle Folder)> writable, IReadOnlyList<string> flags, RootIdMap? ids, string? label)
    {
        // Highest first, each by a descriptor: a path of any length is a short one, without a colon to escape.
        var paths = layers.Count > 0 ? layers.Reverse() : [Path.Combine(folder, EmptyName)];
        var lower = new List<SafeFileHandle>();
        try
        {
            lower.AddRange(paths.Select(path => ids is null ? OpenFolder(path) : OpenMapped(path, ids)));
            return layerByLayer
                ? DetachedMount.Create(
                    "overlay", "overlay", [.. lower.Select(l => $"lowerdir+={PathOf(l)}"), .. writable.Select(w => $"{w.Option}={PathOf(w.Folder)}"), .. flags, .. Context(label, "")], 0)
                : OverlayByString.Mount(
                    folder, [$"lowerdir={string.Join(':', lower.Select(Number))}", .. writable.Select(w => $"{w.Option}={Number(w.Folder)}"), .. flags, .. Context(label, "\"")]);
        }
        finally
        {
            lower.ForEach(l => l.Dispose());
        }
    }

    private static SafeFileHandle OpenMapped(string path, RootIdMap ids)
    {
        var layer = DetachedMount.Clone(path, recursive: false);
        DetachedMount.MapIds(layer, recursive: false, ids.UserNamespace, path);
        return layer;
    }

    private static nint Number(SafeFileHandle fd) => fd.DangerousGetHandle();

    private static string PathOf(SafeFileHandle fd) => $"/proc/self/fd/{Number(fd)}";

    private static SafeFileHandle OpenFolder(string path) => Fd.Open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);

    /// <summary>In one string of options a comma, which levels have, needs quotes.</summary>
    private static string[] Context(string? label, string quote) => label is null ? [] : [$"context={quote}{label}{quote}"];
}
