using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Snapshots;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Images.Archives;

/// <summary>Those extended attributes of a layer's files that an archive carries.</summary>
internal static class LayerXattrs
{
    /// <summary>Attributes of the machine, not of the image.</summary>
    private static readonly byte[][] s_leftOut = [[.. "security.selinux"u8], [.. "security.ima"u8], [.. "security.evm"u8]];

    /// <summary>In byte order of their names.</summary>
    public static IReadOnlyList<TarXattr> Read(SafeFileHandle file)
    {
        var found = EntryXattrs.Read(file).Where(xattr => !Array.Exists(s_leftOut, prefix => xattr.Name.AsSpan().StartsWith(prefix))).ToList();
        found.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        return found;
    }
}
