using System.Security.Cryptography;

namespace CriShim.CriServer.State;

/// <summary>Ids of sandboxes and containers: 256 random bits as 64 hex digits. No '-': kubelet takes the text after the last one for the id.</summary>
internal static class IdGenerator
{
    public const int Length = 64;

    public static string Next() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length / 2));

    /// <summary>True for what <see cref="Next"/> makes: fit to be a file name.</summary>
    public static bool IsId(string text) => text.Length == Length && text.All(char.IsAsciiHexDigitLower);
}
