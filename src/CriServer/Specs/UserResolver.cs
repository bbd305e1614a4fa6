using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Specs;

/// <summary>Turns the asked or the image's user into numbers, with the /etc/passwd and /etc/group of the container's root.</summary>
internal static class UserResolver
{
    /// <param name="rootfs">The container's root folder; nothing outside of it is looked at.</param>
    /// <param name="imageUser">USER of the image's config, may be empty.</param>
    /// <exception cref="CriException">InvalidArgument: a contradictory, out-of-range or unknown user or group.</exception>
    public static ResolvedUser Resolve(SafeFileHandle rootfs, LinuxContainerSecurityContext? context, string imageUser)
    {
        var asked = UserReference.From(context, imageUser);
        var user = FindUser(rootfs, asked);
        var uid = asked.Uid ?? user?.Uid
            ?? throw CriException.InvalidArgument($"user \"{TextRules.Printable(asked.UserName!)}\" is not in /etc/passwd of the image");
        var gid = asked.Gid ?? (asked.GroupName is { } name ? FindGroup(rootfs, name) : user?.Gid ?? 0);
        var member = context?.SupplementalGroupsPolicy == SupplementalGroupsPolicy.Strict ? null : user?.Name ?? asked.UserName;
        return new ResolvedUser(uid, gid, Groups(rootfs, gid, context, member), Home(user));
    }

    private static PasswdEntry? FindUser(SafeFileHandle rootfs, UserReference asked)
    {
        PasswdEntry? found = null;
        RootFile.ReadLines(rootfs, PasswdEntry.Path, line =>
        {
            var matches = PasswdEntry.TryParse(line, out var entry)
                && (asked.UserName is { } name ? entry.Name == name : entry.Uid == asked.Uid);
            found = matches ? entry : found;
            return !matches;
        });
        return found;
    }

    private static uint FindGroup(SafeFileHandle rootfs, string name)
    {
        uint? gid = null;
        RootFile.ReadLines(rootfs, GroupEntry.Path, line =>
        {
            gid = GroupEntry.TryParse(line, out var entry) && entry.Name == name ? entry.Gid : null;
            return gid is null;
        });
        return gid ?? throw CriException.InvalidArgument($"group \"{TextRules.Printable(name)}\" is not in /etc/group of the image");
    }

    /// <summary>The primary group, those asked for, and (policy Merge) those that the image's group file lists the user in.</summary>
    private static List<uint> Groups(SafeFileHandle rootfs, uint gid, LinuxContainerSecurityContext? context, string? member)
    {
        var groups = new List<uint> { gid };
        var seen = new HashSet<uint> { gid };
        foreach (var asked in context?.SupplementalGroups ?? [])
        {
            Add(UserReference.Id(asked, "linux.security_context.supplemental_groups"));
        }

        if (member is not null)
        {
            RootFile.ReadLines(rootfs, GroupEntry.Path, line =>
            {
                if (GroupEntry.TryParse(line, out var entry) && entry.HasMember(member))
                {
                    Add(entry.Gid);
                }

                return true;
            });
        }

        return groups;

        void Add(uint id)
        {
            if (seen.Add(id))
            {
                groups.Add(id);
            }
        }
    }

    private static string Home(PasswdEntry? user) =>
        user is { Home: ['/', ..] } entry && !TextRules.HasControlCharacter(entry.Home) ? entry.Home : "/";
}
