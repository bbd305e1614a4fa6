using System.Globalization;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images;

/// <summary>Who an image's program runs as, one of both or (root) none. Digits are always a number, never a name (CVE-2026-46680).</summary>
/// <param name="Name">Empty when there is a number.</param>
internal readonly record struct ImageUser(long? Uid, string Name)
{
    /// <summary>From USER: <c>user[:group]</c>.</summary>
    /// <exception cref="ContentException">A number above 2^31-1.</exception>
    public static ImageUser Parse(string? user)
    {
        var name = (user ?? "").Split(':')[0];
        if (name.Length == 0)
        {
            return new ImageUser(null, "");
        }

        if (!name.All(char.IsAsciiDigit))
        {
            return new ImageUser(null, name);
        }

        return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var uid)
            ? new ImageUser(uid, "")
            : throw new ContentException($"image has user \"{name}\", which is out of range");
    }
}
