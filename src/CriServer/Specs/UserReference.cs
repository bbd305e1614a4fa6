using CriShim.Cri.V1;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>A user and a group as they were asked for: each a number, a name, or (the group) not at all.</summary>
internal readonly record struct UserReference(uint? Uid, string? UserName, uint? Gid, string? GroupName)
{
    /// <summary>Kubernetes and the Go runtimes keep ids in 31 bits.</summary>
    public const uint MaximumId = int.MaxValue;

    private const string Context = "linux.security_context";

    /// <summary>The client's user wins over the image's; a client's group needs a client's user.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static UserReference From(LinuxContainerSecurityContext? context, string imageUser)
    {
        var name = context?.RunAsUsername ?? "";
        if (context?.RunAsUser is null && name.Length == 0)
        {
            return context?.RunAsGroup is null
                ? Parse(imageUser, "the image's user")
                : throw CriException.InvalidArgument($"{Context}.run_as_group is given without run_as_user or run_as_username");
        }

        if (context?.RunAsUser is not null && name.Length > 0)
        {
            throw CriException.InvalidArgument($"{Context}.run_as_user and run_as_username are both given");
        }

        var user = context?.RunAsUser is { } uid
            ? new UserReference(Id(uid.Value, $"{Context}.run_as_user"), null, null, null)
            : Parse(name, $"{Context}.run_as_username");
        return context?.RunAsGroup is { } gid
            ? user with { Gid = Id(gid.Value, $"{Context}.run_as_group"), GroupName = null }
            : user;
    }

    /// <summary>
    /// "user", "user:group", "", where each part is a number when it has only digits, and never a name then (CVE-2026-46680). An empty
    /// user is root.
    /// </summary>
    public static UserReference Parse(string text, string field)
    {
        TextRules.RefuseControlCharacters(text, field);
        var colon = text.IndexOf(':');
        var (uid, userName) = Part(colon < 0 ? text : text[..colon], field);
        var (gid, groupName) = Part(colon < 0 ? "" : text[(colon + 1)..], field);
        return uid is null && userName is null
            ? new UserReference(0, null, gid, groupName)
            : new UserReference(uid, userName, gid, groupName);
    }

    public static uint Id(long value, string field) => value is >= 0 and <= MaximumId
        ? (uint)value
        : throw CriException.InvalidArgument($"{field} {value} is not within 0 to {MaximumId}");

    private static (uint? Id, string? Name) Part(string text, string field)
    {
        if (text.Length == 0)
        {
            return (null, null);
        }

        if (!LooksNumeric(text))
        {
            return text.Contains(':') ? throw Malformed(text, field) : (null, text);
        }

        return uint.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id)
            && id <= MaximumId
                ? (id, null)
                : throw Malformed(text, field);
    }

    /// <summary>Signs count as digits: "-1" and "+0" are bad numbers, not names.</summary>
    private static bool LooksNumeric(string text)
    {
        var digits = text.AsSpan().TrimStart("+-");
        return digits.Length > 0 && !digits.ContainsAnyExceptInRange('0', '9');
    }

    private static CriException Malformed(string text, string field) =>
        CriException.InvalidArgument($"{field}: \"{TextRules.Printable(text)}\" is neither a name nor an id within 0 to {MaximumId}");
}
