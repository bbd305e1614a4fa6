using System.Text;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>Rules for strings that clients send. All failures are InvalidArgument and name the field.</summary>
internal static class TextRules
{
    private const int PrintedLength = 128;

    public static bool HasControlCharacter(string text) => text.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0 || text.Contains('\x7f');

    /// <summary>The text as it may stand in a message: control characters replaced, not endless.</summary>
    public static string Printable(string text)
    {
        var builder = new StringBuilder(Math.Min(text.Length, PrintedLength));
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, PrintedLength)))
        {
            builder.Append(char.IsControl(c) ? '?' : c);
        }

        return text.Length > PrintedLength ? builder.Append("...").ToString() : builder.ToString();
    }

    public static void RequireText(string value, string field)
    {
        if (value.Length == 0)
        {
            throw CriException.InvalidArgument($"{field} is missing");
        }

        RefuseControlCharacters(value, field);
    }

    public static void RefuseControlCharacters(string value, string field)
    {
        if (HasControlCharacter(value))
        {
            throw CriException.InvalidArgument($"{field} \"{Printable(value)}\" holds a control character");
        }
    }

    /// <summary>NUL ends a string in the kernel: what follows would be lost.</summary>
    public static void RefuseNul(string value, string field)
    {
        if (value.Contains('\0'))
        {
            throw CriException.InvalidArgument($"{field} holds a NUL character");
        }
    }

    public static void RequireAbsolutePath(string value, string field)
    {
        RequireText(value, field);
        if (value[0] != '/')
        {
            throw CriException.InvalidArgument($"{field} \"{Printable(value)}\" is not an absolute path");
        }
    }

    /// <summary>The value must be one that the API defines: protobuf lets unknown numbers through.</summary>
    public static void RequireKnown<T>(T value, string field)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw CriException.InvalidArgument($"{field} has the unknown value {value:D}");
        }
    }

    /// <summary>Lexically cleaned absolute path: no empty, "." or ".." part.</summary>
    public static string CleanPath(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (part)
            {
                case ".":
                    break;
                case "..":
                    if (parts.Count > 0)
                    {
                        parts.RemoveAt(parts.Count - 1);
                    }

                    break;
                default:
                    parts.Add(part);
                    break;
            }
        }

        return "/" + string.Join('/', parts);
    }
}
