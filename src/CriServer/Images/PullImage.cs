using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Registry;

namespace CriShim.CriServer.Images;

/// <summary>The PullImage call.</summary>
internal sealed class PullImage(ImagePuller puller)
{
    /// <summary>The user name by which docker's credential helpers say that the password is an identity token.</summary>
    private const string IdentityTokenUser = "<token>";

    public async Task<PullImageResponse> ExecuteAsync(PullImageRequest request, CancellationToken cancellation)
    {
        var reference = ImageReference.Parse(request.Image?.Image);
        var image = await puller.PullAsync(reference, CredentialsOf(request.Auth, reference), cancellation);
        return new PullImageResponse { ImageRef = image.Id };
    }

    /// <summary>Null when there are none, or when they say they are for another host: these are never sent.</summary>
    internal static RegistryCredentials? CredentialsOf(AuthConfig? auth, ImageReference reference)
    {
        if (auth is null || !IsFor(auth.ServerAddress, reference.Host))
        {
            return null;
        }

        if (auth.RegistryToken.Length > 0 || auth.IdentityToken.Length > 0)
        {
            return new RegistryCredentials(auth.Username, auth.Password, NullIfEmpty(auth.IdentityToken), NullIfEmpty(auth.RegistryToken));
        }

        if (auth.Username == IdentityTokenUser)
        {
            return new RegistryCredentials(null, null, auth.Password, null);
        }

        return auth.Username.Length > 0 ? new RegistryCredentials(auth.Username, auth.Password, null, null)
            : auth.Auth.Length > 0 ? RegistryCredentials.FromBasic(auth.Auth)
            : null;
    }

    /// <summary>Server addresses come as host, as URL, and for Docker Hub as https://index.docker.io/v1/.</summary>
    private static bool IsFor(string serverAddress, string host)
    {
        if (serverAddress.Length == 0)
        {
            return true;
        }

        var text = serverAddress.Contains("://", StringComparison.Ordinal) ? serverAddress : "https://" + serverAddress;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address))
        {
            throw CriException.InvalidArgument($"invalid server address \"{serverAddress}\" in the credentials");
        }

        var named = address.Authority is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : address.Authority;
        return string.Equals(named, host, StringComparison.OrdinalIgnoreCase)
            || string.Equals(named, new Uri("https://" + host).Authority, StringComparison.OrdinalIgnoreCase);
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
