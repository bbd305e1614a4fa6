using System.Text;

namespace CriShim.Linux;

/// <summary>Names and paths as the kernel takes them: bytes ending in NUL.</summary>
public static class NulTerminated
{
    /// <summary>UTF-8 and a NUL.</summary>
    public static byte[] FromString(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>The bytes and a NUL.</summary>
    public static byte[] FromBytes(ReadOnlySpan<byte> bytes)
    {
        var copy = new byte[bytes.Length + 1];
        bytes.CopyTo(copy);
        return copy;
    }

    /// <summary>For messages: bytes that are not UTF-8 show as replacement characters.</summary>
    public static string ToText(ReadOnlySpan<byte> name) => Encoding.UTF8.GetString(name.TrimEnd((byte)0));
}
