using System.Text;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Images.Registry;

/// <summary>What a client gave for one registry host. Never logged: <see cref="ToString"/> shows only which form it is.</summary>
/// <param name="IdentityToken">An OAuth refresh token, exchanged for access tokens.</param>
/// <param name="RegistryToken">A bearer token, sent as it is.</param>
internal sealed record RegistryCredentials(string? Username, string? Password, string? IdentityToken, string? RegistryToken)
{
    public bool HasBasic => !string.IsNullOrEmpty(Username);

    /// <summary>The value of a Basic Authorization header (RFC 7617).</summary>
    public string ToBasic() => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Username}:{Password}"));

    /// <summary>From base64 of <c>user:password</c>, as in docker's configuration file; trailing NULs are cut off.</summary>
    /// <exception cref="CriException">InvalidArgument: not that form.</exception>
    public static RegistryCredentials FromBasic(string base64)
    {
        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(base64)).TrimEnd('\0');
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            return colon > 0
                ? new RegistryCredentials(text[..colon], text[(colon + 1)..], null, null)
                : throw CriException.InvalidArgument("invalid auth field in the credentials: expected user:password in base64");
        }
        catch (FormatException)
        {
            throw CriException.InvalidArgument("invalid auth field in the credentials: not base64");
        }
    }

    public override string ToString() =>
        RegistryToken is not null ? "registry token" : IdentityToken is not null ? "identity token" : HasBasic ? "user name and password" : "none";
}
