namespace CriShim.CriServer.Images.Archives;

/// <summary>Limits on archives of images; those of what is in them are <see cref="Content.ContentLimits"/>.</summary>
internal static class ArchiveLimits
{
    /// <summary>Entries of a tar archive of images: blobs, not files of containers.</summary>
    public const int MaxEntries = 100_000;

    /// <summary>Bytes of <c>index.json</c> or a docker archive's <c>manifest.json</c>.</summary>
    public const int MaxIndexBytes = 16 << 20;

    /// <summary>Images of one archive.</summary>
    public const int MaxImages = 1000;

    /// <summary>Links that follow each other.</summary>
    public const int MaxLinks = 16;
}
