using System.Globalization;
using System.Text;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Cgroups.Resctrl;

/// <summary>
/// A container's part of caches and memory bandwidth: a group of the resctrl file system, and where asked a monitoring group below it
/// (config-linux.md, "IntelRdt"; the kernel's Documentation/filesystems/resctrl.rst). <see cref="CgroupException"/> names the member of
/// linux.intelRdt.
/// </summary>
/// <param name="root">Where resctrl is mounted; a folder can stand for it.</param>
public sealed class ResctrlGroup(string root, string containerId, IntelRdtSpec spec)
{
    private const string DefaultClass = "/";
    private const string TasksFile = "tasks";
    private const string SchemataFile = "schemata";
    private const string MonitoringFolder = "mon_groups";
    private const string MountPoint = "/sys/fs/resctrl";
    private const uint FolderMode = 0b111_101_101;
    private const uint FileMode = 0b110_100_100;

    private readonly string _folder = spec.ClosId is DefaultClass ? root : Path.Combine(root, spec.ClosId ?? containerId);

    private string MonitoringPath => Path.Combine(_folder, MonitoringFolder, containerId);

    private bool HasSchemata => spec.L3CacheSchema is not null || spec.MemBwSchema is not null || spec.Schemata is { Count: > 0 };

    /// <summary>Null where none is asked for.</summary>
    /// <exception cref="CgroupException">resctrl is not mounted.</exception>
    public static ResctrlGroup? Find(string containerId, IntelRdtSpec? spec) => spec is null ? null
        : new ResctrlGroup(
            FindRoot() ?? throw new CgroupException("failed to apply linux.intelRdt: no resctrl file system is mounted", Errno.ENOENT), containerId, spec);

    /// <summary>What <see cref="Create"/> has made for this container alone is removed; a named group stays, and no resctrl is no error.</summary>
    public static void Remove(string containerId, IntelRdtSpec? spec)
    {
        if (spec is not null && FindRoot() is { } root)
        {
            new ResctrlGroup(root, containerId, spec).Remove();
        }
    }

    /// <summary>Removes whatever groups a container can have had, of whom nothing else is known.</summary>
    public static void RemoveAllOf(string containerId)
    {
        if (FindRoot() is { } root)
        {
            RemoveAllOf(root, containerId);
        }
    }

    internal static void RemoveAllOf(string root, string containerId)
    {
        foreach (var group in Directory.EnumerateDirectories(root).Append(root))
        {
            RemoveFolder(Path.Combine(group, MonitoringFolder, containerId));
        }

        RemoveFolder(Path.Combine(root, containerId));
    }

    /// <summary>Makes what is not there yet; nothing is left when that fails.</summary>
    public void Create()
    {
        var isNew = MakeGroup();
        try
        {
            WriteSchemata(isNew);
            if (spec.IsMonitored)
            {
                Require(mkdirat(AT_FDCWD, MonitoringPath, FolderMode) == 0, "enableMonitoring", "failed to make a monitoring group");
            }
        }
        catch
        {
            if (isNew)
            {
                RemoveFolder(_folder);
            }

            throw;
        }
    }

    /// <summary>Writes the schemata anew, of a group that is there.</summary>
    public void Update() => WriteSchemata(isNew: true);

    /// <summary>What a process writes "0" to, in order, to be in the group; as with cgroups of v1.</summary>
    public CgroupJoin OpenJoin() => new([.. TaskFiles.Select(file => Fd.Open(file, O_WRONLY))], null);

    /// <summary>Moves a process's first thread.</summary>
    public void Add(int pid)
    {
        foreach (var file in TaskFiles)
        {
            Write(file, "closID", pid.ToString(CultureInfo.InvariantCulture));
        }
    }

    internal void Remove()
    {
        RemoveFolder(MonitoringPath);
        if (spec.ClosId is null)
        {
            RemoveFolder(_folder);
        }
    }

    private IEnumerable<string> TaskFiles =>
        spec.IsMonitored ? [Path.Combine(_folder, TasksFile), Path.Combine(MonitoringPath, TasksFile)] : [Path.Combine(_folder, TasksFile)];

    /// <summary>The folder is there where the kernel has resctrl, mounted or not.</summary>
    private static string? FindRoot() => !Directory.Exists(MountPoint) ? null : MountInfo.Read().FirstOrDefault(mount => mount.Type == "resctrl")?.MountPoint;

    private static void RemoveFolder(string path) => _ = rmdir(path);

    /// <summary>True when it was not there.</summary>
    private bool MakeGroup()
    {
        if (spec.ClosId is not null && !HasSchemata)
        {
            return Directory.Exists(_folder) ? false
                : throw Wrong("closID", $"there is no group \"{spec.ClosId}\", and no schema to make it with");
        }

        if (spec.ClosId is DefaultClass)
        {
            return false;
        }

        var isNew = mkdirat(AT_FDCWD, _folder, FolderMode) == 0;
        Require(isNew || (Check.LastErrno == Errno.EEXIST && spec.ClosId is not null), "closID", $"failed to make group \"{Path.GetFileName(_folder)}\"");
        return isNew;
    }

    // Line by line: one write with two lines for the same cache is refused.
    private void WriteSchemata(bool isNew)
    {
        var shared = Lines(spec.L3CacheSchema, "l3CacheSchema").Concat(Lines(spec.MemBwSchema, "memBwSchema")).ToList();
        if (!isNew && shared.Count > 0)
        {
            var present = File.ReadAllText(Path.Combine(_folder, SchemataFile));
            foreach (var (line, member) in shared)
            {
                if (!Schemata.Contains(present, line))
                {
                    throw Wrong(member, $"group \"{spec.ClosId}\" is there with another schema than \"{line}\"");
                }
            }

            shared.Clear();
        }

        foreach (var (line, member) in shared.Concat((spec.Schemata ?? []).Select(line => (line, "schemata"))))
        {
            Write(Path.Combine(_folder, SchemataFile), member, line + "\n");
        }
    }

    private static IEnumerable<(string Line, string Member)> Lines(string? schema, string member) =>
        (schema ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (line, member));

    private void Write(string path, string member, string text)
    {
        using var file = openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, FileMode);
        Require(!file.IsInvalid && Fd.TryWrite(file, Encoding.ASCII.GetBytes(text), out _) >= 0, member, $"failed to write \"{text.TrimEnd()}\"");
    }

    /// <param name="succeeded">Of the last system call.</param>
    private void Require(bool succeeded, string member, string problem)
    {
        if (!succeeded)
        {
            var errno = Check.LastErrno;
            throw Wrong(member, $"{problem}: {new LinuxException(errno, "resctrl").Message}{LastStatus()}");
        }
    }

    /// <summary>The kernel's own words about the last failure.</summary>
    private string LastStatus()
    {
        var file = Path.Combine(root, "info/last_cmd_status");
        return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } status and not "ok" ? $" ({status})" : "";
    }

    private static CgroupException Wrong(string member, string problem) => new($"failed to apply linux.intelRdt.{member}: {problem}", Errno.EINVAL);
}
