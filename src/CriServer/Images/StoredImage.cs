using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images;

/// <summary>A name and what it stands for: one entry of the store's index.</summary>
/// <param name="Name">With tag or digest, as <see cref="ImageReference.StoredName"/>.</param>
/// <param name="Target">The index or manifest that the registry gave for the name.</param>
/// <param name="Manifest">The manifest for this machine: the target itself or one of its index.</param>
internal sealed record StoredImage(string Name, Descriptor Target, Digest Manifest);
