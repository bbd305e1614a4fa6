namespace CriShim.CriServer.Images.Signatures;

/// <summary>Files of the policy.</summary>
internal static class KeyFiles
{
    /// <exception cref="FormatException">The file is larger than <see cref="SignatureLimits.MaxFileBytes"/>.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[] ReadSmall(string path)
    {
        using var file = File.OpenRead(path);
        return file.Length <= SignatureLimits.MaxFileBytes
            ? File.ReadAllBytes(path)
            : throw new FormatException($"\"{path}\" is larger than {SignatureLimits.MaxFileBytes} bytes");
    }
}
