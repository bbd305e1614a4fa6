using System.Globalization;
using System.Text;

namespace CriShim.CriServer.Specs;

/// <summary>A line of /etc/passwd (passwd(5)): name:password:uid:gid:comment:home:shell.</summary>
internal readonly record struct PasswdEntry(string Name, uint Uid, uint Gid, string Home)
{
    public const string Path = "etc/passwd";

    private const int Fields = 7;

    /// <summary>False for comments and for lines that are malformed or whose ids are out of range.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out PasswdEntry entry)
    {
        entry = default;
        Span<Range> fields = stackalloc Range[Fields + 1];
        var count = ColonFields.Split(line, fields);
        if (count < Fields - 1 || line[fields[0]].IsEmpty || !ColonFields.TryId(line[fields[2]], out var uid)
            || !ColonFields.TryId(line[fields[3]], out var gid))
        {
            return false;
        }

        entry = new PasswdEntry(Encoding.UTF8.GetString(line[fields[0]]), uid, gid, Encoding.UTF8.GetString(line[fields[5]]));
        return true;
    }
}

/// <summary>A line of /etc/group (group(5)): name:password:gid:member,member.</summary>
internal readonly ref struct GroupEntry
{
    public const string Path = "etc/group";

    private const int Fields = 4;

    private GroupEntry(string name, uint gid, ReadOnlySpan<byte> members)
    {
        Name = name;
        Gid = gid;
        Members = members;
    }

    public string Name { get; }

    public uint Gid { get; }

    private ReadOnlySpan<byte> Members { get; }

    /// <inheritdoc cref="PasswdEntry.TryParse"/>
    public static bool TryParse(ReadOnlySpan<byte> line, out GroupEntry entry)
    {
        entry = default;
        Span<Range> fields = stackalloc Range[Fields + 1];
        var count = ColonFields.Split(line, fields);
        if (count < Fields - 1 || line[fields[0]].IsEmpty || !ColonFields.TryId(line[fields[2]], out var gid))
        {
            return false;
        }

        entry = new GroupEntry(Encoding.UTF8.GetString(line[fields[0]]), gid, count < Fields ? default : line[fields[3]]);
        return true;
    }

    public bool HasMember(string user)
    {
        var name = Encoding.UTF8.GetBytes(user);
        foreach (var range in Members.Split((byte)','))
        {
            if (Members[range].SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Lines whose fields are separated by colons.</summary>
internal static class ColonFields
{
    /// <summary>Fills the ranges of the first fields, returns how many there are; more than fit fall into the last one.</summary>
    public static int Split(ReadOnlySpan<byte> line, Span<Range> fields)
    {
        var count = 0;
        var start = 0;
        while (count < fields.Length)
        {
            var length = count == fields.Length - 1 ? -1 : line[start..].IndexOf((byte)':');
            fields[count++] = length < 0 ? start..line.Length : start..(start + length);
            if (length < 0)
            {
                break;
            }

            start += length + 1;
        }

        return count;
    }

    public static bool TryId(ReadOnlySpan<byte> text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id <= UserReference.MaximumId;
}
