using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>An image as it goes into an archive.</summary>
/// <param name="Names">With tag; none for an image that has none.</param>
/// <param name="Layers">Lowest first, as they lie in the archive.</param>
internal sealed record ExportedImage(IReadOnlyList<string> Names, Digest ConfigDigest, byte[] Config, IReadOnlyList<Descriptor> Layers);
