namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// How an archive says that something of a lower layer is gone (layer.md, "Whiteouts") and how overlayfs does (filesystems/overlayfs.rst,
/// "whiteouts and opaque directories"): a character device 0:0, and an attribute of the folder.
/// </summary>
internal static class Whiteouts
{
    /// <summary>In front of the name of what is gone.</summary>
    public static ReadOnlySpan<byte> Prefix => ".wh."u8;

    /// <summary>In a folder: nothing of the lower layers shows in it.</summary>
    public static ReadOnlySpan<byte> OpaqueName => ".wh..wh..opq\0"u8;

    /// <summary>Names of aufs's own bookkeeping, which mean nothing here.</summary>
    public static ReadOnlySpan<byte> MetadataPrefix => ".wh..wh."u8;

    public static ReadOnlySpan<byte> OpaqueXattr => "trusted.overlay.opaque\0"u8;

    public static ReadOnlySpan<byte> OpaqueValue => "y"u8;
}
