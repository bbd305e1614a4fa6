using CriShim.CriServer.Errors;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>Where an image's configs and layers come from: a registry's repository or an archive.</summary>
internal interface IBlobSource
{
    /// <summary>Passes a blob through <paramref name="consume"/>, which must read it to its end and so verifies it.</summary>
    /// <exception cref="CriException">The blob cannot be had.</exception>
    /// <exception cref="ContentException">It is not what its descriptor says.</exception>
    Task<T> FetchBlobAsync<T>(Descriptor descriptor, Func<BlobIngest, Task<T>> consume, CancellationToken cancellation);
}
