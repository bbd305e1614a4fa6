using System.Buffers;
using CriShim.Cri.V1;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>An SELinux context, "user:role:type:level"; the level is empty in a policy without them.</summary>
internal sealed record SelinuxLabel(string User, string Role, string Type, string Level)
{
    private static readonly SearchValues<char> s_nameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

    // "s0-s0:c1.c5,c9"
    private static readonly SearchValues<char> s_levelCharacters = SearchValues.Create("sc0123456789:.,-");

    /// <summary>Null for what is no context.</summary>
    public static SelinuxLabel? Parse(string text)
    {
        var parts = text.Split(':', 4);
        return parts.Length >= 3 ? new SelinuxLabel(parts[0], parts[1], parts[2], parts.Length > 3 ? parts[3] : "") : null;
    }

    /// <summary>With the parts that are given.</summary>
    public SelinuxLabel With(SELinuxOption? option) => option is null ? this : new SelinuxLabel(
        Or(option.User, User), Or(option.Role, Role), Or(option.Type, Type), Or(option.Level, Level));

    public SelinuxLabel WithLevel(string? level) => string.IsNullOrEmpty(level) ? this : this with { Level = level };

    public override string ToString() => Level.Length == 0 ? $"{User}:{Role}:{Type}" : $"{User}:{Role}:{Type}:{Level}";

    /// <exception cref="CriException">InvalidArgument, naming the field: asked for where the kernel has none, or not parts of a context.</exception>
    public static void Check(SELinuxOption? option, bool available, string field)
    {
        if (option is null || (option.User, option.Role, option.Type, option.Level) == ("", "", "", ""))
        {
            return;
        }

        if (!available)
        {
            throw CriException.InvalidArgument($"{field}: SELinux is not enabled on this host");
        }

        CheckPart(option.User, s_nameCharacters, $"{field}.user");
        CheckPart(option.Role, s_nameCharacters, $"{field}.role");
        CheckPart(option.Type, s_nameCharacters, $"{field}.type");
        CheckPart(option.Level, s_levelCharacters, $"{field}.level");
    }

    private static void CheckPart(string part, SearchValues<char> allowed, string field)
    {
        if (part.AsSpan().ContainsAnyExcept(allowed))
        {
            throw CriException.InvalidArgument($"{field} \"{TextRules.Printable(part)}\" is not part of an SELinux context");
        }
    }

    private static string Or(string given, string otherwise) => given.Length > 0 ? given : otherwise;
}
