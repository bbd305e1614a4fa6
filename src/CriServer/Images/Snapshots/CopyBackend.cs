using CriShim.CriServer.Security;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>Copies all layers into one folder, for file systems where overlay does not work.</summary>
internal sealed class CopyBackend : ISnapshotBackend
{
    private const string RootName = "root";

    public string Name => "copy";

    public void Prepare(string folder, IReadOnlyList<string> layers)
    {
        var root = WritableFolder(folder);
        RootAttributes.MakeFolder(root);
        foreach (var layer in layers)
        {
            using var source = Fd.Open(layer, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            using var target = Fd.Open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            new LayerCopy(target).Apply(source);
        }

        if (layers.Count > 0)
        {
            RootAttributes.Copy(layers[^1], root);
        }
    }

    public SafeFileHandle Mount(string folder, IReadOnlyList<string> layers, RootIdMap? ids = null, string? label = null)
    {
        var root = DetachedMount.Clone(WritableFolder(folder), recursive: false);
        if (label is not null)
        {
            SelinuxFiles.LabelTree(WritableFolder(folder), label, "the container's root");
        }

        if (ids is not null)
        {
            DetachedMount.MapIds(root, recursive: false, ids.UserNamespace, folder);
        }

        return root;
    }

    public SafeFileHandle MountReadOnly(string folder, IReadOnlyList<string> layers, RootIdMap? ids = null, string? label = null)
    {
        var root = Mount(folder, layers, ids, label);
        DetachedMount.MakeReadOnly(root);
        return root;
    }

    public string WritableFolder(string folder) => Path.Combine(folder, RootName);
}
