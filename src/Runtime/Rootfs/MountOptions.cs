using CriShim.Oci.RuntimeSpec;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Rootfs;

/// <summary>A mount's option words, sorted into what the kernel takes where (config.md, "Linux mount options").</summary>
internal sealed class MountOptions
{
    private static readonly Dictionary<string, (ulong Set, ulong Clear)> s_attributes = new(StringComparer.Ordinal)
    {
        ["ro"] = (MOUNT_ATTR_RDONLY, 0),
        ["rw"] = (0, MOUNT_ATTR_RDONLY),
        ["nosuid"] = (MOUNT_ATTR_NOSUID, 0),
        ["suid"] = (0, MOUNT_ATTR_NOSUID),
        ["nodev"] = (MOUNT_ATTR_NODEV, 0),
        ["dev"] = (0, MOUNT_ATTR_NODEV),
        ["noexec"] = (MOUNT_ATTR_NOEXEC, 0),
        ["exec"] = (0, MOUNT_ATTR_NOEXEC),
        ["nodiratime"] = (MOUNT_ATTR_NODIRATIME, 0),
        ["diratime"] = (0, MOUNT_ATTR_NODIRATIME),
        ["nosymfollow"] = (MOUNT_ATTR_NOSYMFOLLOW, 0),
        ["symfollow"] = (0, MOUNT_ATTR_NOSYMFOLLOW),
        ["noatime"] = (MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME),
        ["relatime"] = (MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
        ["strictatime"] = (MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
        ["norelatime"] = (0, 0),
        ["nostrictatime"] = (0, 0),
        ["atime"] = (MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
    };

    private static readonly Dictionary<string, (ulong Propagation, bool Recursive)> s_propagations = new(StringComparer.Ordinal)
    {
        ["private"] = (MS_PRIVATE, false),
        ["rprivate"] = (MS_PRIVATE, true),
        ["slave"] = (MS_SLAVE, false),
        ["rslave"] = (MS_SLAVE, true),
        ["shared"] = (MS_SHARED, false),
        ["rshared"] = (MS_SHARED, true),
        ["unbindable"] = (MS_UNBINDABLE, false),
        ["runbindable"] = (MS_UNBINDABLE, true),
    };

    // Words of mount(8) that are the file system's own business or mean nothing on a new mount.
    private static readonly HashSet<string> s_ignored = new(StringComparer.Ordinal) { "defaults", "remount", "async", "loud", "nomand", "noiversion" };

    private readonly List<string> _fileSystem = [];
    private readonly List<(ulong Propagation, bool Recursive)> _propagations = [];

    /// <summary>All words that are understood here.</summary>
    public static IEnumerable<string> Words =>
        s_attributes.Keys.Concat(s_attributes.Keys.Where(word => word != "relatime").Select(word => "r" + word)).Concat(s_propagations.Keys)
            .Concat(s_ignored).Concat(["bind", "rbind", "tmpcopyup", "idmap", "ridmap"]).Distinct();

    /// <summary>MOUNT_ATTR_… for the mount alone.</summary>
    public ulong Set { get; private set; }

    public ulong Clear { get; private set; }

    /// <summary>The same with all mounts below it (rro, rnosuid, …).</summary>
    public ulong RecursiveSet { get; private set; }

    public ulong RecursiveClear { get; private set; }

    public bool IsBind { get; private set; }

    /// <summary>With the mounts below the source.</summary>
    public bool IsRecursiveBind { get; private set; }

    /// <summary>Fill the new tmpfs with what it covers.</summary>
    public bool CopyUp { get; private set; }

    /// <summary>Owners are mapped by the mount's own mappings; null: not at all.</summary>
    public bool? MapsIdsRecursively { get; private set; }

    /// <summary>The file system's own options.</summary>
    public IReadOnlyList<string> FileSystem => _fileSystem;

    /// <summary>In order: each is applied after the one before.</summary>
    public IReadOnlyList<(ulong Propagation, bool Recursive)> Propagations => _propagations;

    public static MountOptions Parse(MountSpec mount)
    {
        var options = new MountOptions { IsBind = mount.Type == "bind" };
        foreach (var word in mount.Options ?? [])
        {
            options.Add(word);
        }

        return options;
    }

    /// <summary>MS_… of a `rootfsPropagation`, or null for an unknown word.</summary>
    public static (ulong Propagation, bool Recursive)? FindPropagation(string word) =>
        s_propagations.TryGetValue(word, out var propagation) ? propagation : null;

    private void Add(string word)
    {
        if (s_attributes.TryGetValue(word, out var attribute))
        {
            (Set, Clear) = Merge(Set, Clear, attribute);
        }
        else if (word.StartsWith('r') && s_attributes.TryGetValue(word[1..], out var recursive) && word != "relatime")
        {
            (RecursiveSet, RecursiveClear) = Merge(RecursiveSet, RecursiveClear, recursive);
        }
        else if (s_propagations.TryGetValue(word, out var propagation))
        {
            _propagations.Add(propagation);
        }
        else if (!s_ignored.Contains(word))
        {
            AddSpecial(word);
        }
    }

    private void AddSpecial(string word)
    {
        switch (word)
        {
            case "bind":
                IsBind = true;
                break;
            case "rbind":
                IsBind = true;
                IsRecursiveBind = true;
                break;
            case "tmpcopyup":
                CopyUp = true;
                break;
            case "idmap":
                MapsIdsRecursively = false;
                break;
            case "ridmap":
                MapsIdsRecursively = true;
                break;
            default:
                _fileSystem.Add(word);
                break;
        }
    }

    // The later word wins.
    private static (ulong Set, ulong Clear) Merge(ulong set, ulong clear, (ulong Set, ulong Clear) word)
    {
        set &= ~(word.Set | word.Clear);
        clear &= ~(word.Set & ~word.Clear);
        return (set | word.Set, clear | word.Clear);
    }
}
