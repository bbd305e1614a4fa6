namespace CriShim.CriServer.Images.Content;

/// <summary>Limits on what comes from a registry. All of it is hostile until its digest is verified, and its shape even then.</summary>
internal static class ContentLimits
{
    /// <summary>Bytes of a manifest or index: what registries must accept (distribution-spec, "Pushing Manifests").</summary>
    public const int MaxManifestBytes = 4 << 20;

    /// <summary>Bytes of an image config.</summary>
    public const int MaxConfigBytes = 8 << 20;

    /// <summary>Bytes of a registry's error answer.</summary>
    public const int MaxErrorBytes = 64 << 10;

    /// <summary>Bytes of a token service's answer.</summary>
    public const int MaxTokenBytes = 256 << 10;

    /// <summary>Indexes within indexes.</summary>
    public const int MaxIndexDepth = 4;

    /// <summary>Manifests and indexes fetched to find the one for this machine.</summary>
    public const int MaxManifestFetches = 16;

    /// <summary>Manifests that one index lists.</summary>
    public const int MaxIndexEntries = 2000;

    /// <summary>Layers of an image; overlayfs takes 500 (fs/overlayfs/params.h).</summary>
    public const int MaxLayers = 490;

    /// <summary>Bytes of the name that an artifact gives one of its files.</summary>
    public const int MaxTitleBytes = 1024;

    /// <summary>Entries of one layer's archive.</summary>
    public const int MaxLayerEntries = 999_999;

    /// <summary>Headers that extend one entry: PAX, GNU long name and long link, and some that say nothing.</summary>
    public const int MaxExtensionHeaders = 8;

    /// <summary>Extended attributes of one entry.</summary>
    public const int MaxXattrs = 256;

    /// <summary>Bytes of one PAX header or GNU long name.</summary>
    public const int MaxHeaderBytes = 1 << 20;

    /// <summary>Bytes of a path, PATH_MAX of limits.h.</summary>
    public const int MaxPathBytes = 4096;

    /// <summary>Bytes of an extended attribute's value, XATTR_SIZE_MAX of linux/limits.h.</summary>
    public const int MaxXattrBytes = 64 << 10;

    /// <summary>Data regions of one sparse file.</summary>
    public const int MaxSparseRegions = 64 << 10;

    /// <summary>Bytes held in memory for what can only be done at the end of a layer: times of folders, links to files not there yet.</summary>
    public const int MaxDeferredBytes = 24 << 20;

    /// <summary>Unpacked bytes per compressed byte, once a layer is larger than <see cref="ExpansionGraceBytes"/>. Gzip reaches 1032.</summary>
    public const int MaxExpansion = 200;

    /// <summary>Unpacked bytes up to which any compression is believed.</summary>
    public const long ExpansionGraceBytes = 1L << 30;

    /// <summary>Log base 2 of the bytes that a zstd frame's window may have: what the highest levels of image builders use (32 MB).</summary>
    public const int MaxZstdWindowLog = 25;
}
