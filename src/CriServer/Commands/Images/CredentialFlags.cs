using CriShim.CriServer.Commands.Parsing;
using CriShim.CriServer.Images;

namespace CriShim.CriServer.Commands.Images;

/// <summary>The flags that say whose credentials a pull by hand has.</summary>
internal static class CredentialFlags
{
    private const string CredentialsFlag = "--creds";
    private const string FileFlag = "--authfile";

    public static readonly IReadOnlyList<Flag> All =
    [
        new(CredentialsFlag, "user name and password for the registry", "USER[:PASSWORD]"),
        new(FileFlag, "file of credentials (default: those of podman and docker)", "FILE"),
    ];

    /// <summary>Null: the pull is anonymous.</summary>
    public static FoundCredentials? Find(Arguments arguments, ImageReference reference)
    {
        if (arguments.Value(CredentialsFlag) is { } text)
        {
            return new FoundCredentials(AuthFile.FromText(text), $"the flag {CredentialsFlag}");
        }

        if (arguments.Value(FileFlag) is { } file)
        {
            return File.Exists(file) ? AuthFile.Find(reference, [file]) : throw new UsageException($"{file}: no such file");
        }

        return AuthFile.Find(reference, AuthFile.DefaultPaths(Environment.GetEnvironmentVariable));
    }
}
