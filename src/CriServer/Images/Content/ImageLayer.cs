using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>One layer of an image or of an artifact: where its bytes are and what becomes of them.</summary>
/// <param name="Id">What its folder is named by and shared under: the diff id, or what <see cref="ArtifactLayers"/> makes up for one.</param>
/// <param name="DiffId">Digest that the unpacked archive must have; null when nobody told, then the blob's own digest is all there is.</param>
/// <param name="FileName">The blob becomes this file, a relative path; null: it is an archive of files.</param>
internal sealed record ImageLayer(Descriptor Blob, Digest Id, Digest? DiffId, string? FileName = null);
