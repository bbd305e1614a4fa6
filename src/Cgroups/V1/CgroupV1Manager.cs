using CriShim.Cgroups.V2;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Cgroups.V1;

/// <summary>
/// A cgroup in every v1 hierarchy and, on a hybrid, in the cgroup2 one. There the cgroup2 folder does what is about processes
/// (listing, killing, freezing, waiting), better than v1 can: at once, with events, and a frozen process can still be killed. The v1
/// freezer hierarchy is then left out: a hierarchy costs ~150 µs in a container's life. What another runtime has made there is removed.
/// </summary>
internal sealed class CgroupV1Manager : ICgroupManager
{
    private const string FreezerController = "freezer";
    private static readonly TimeSpan s_removalLimit = TimeSpan.FromSeconds(2);

    private CgroupFolder[] _folders;
    private readonly ProcessFolder? _processes;
    private readonly Freezer? _freezer;
    private readonly string? _leftOut;

    public CgroupV1Manager(CgroupMode mode, IReadOnlyList<CgroupHierarchy> hierarchies, string path)
    {
        Mode = mode;
        var folders = new List<CgroupFolder>(hierarchies.Count);
        foreach (var hierarchy in hierarchies)
        {
            var folder = new CgroupFolder(hierarchy.Controllers, CgroupPath.Resolve(hierarchy, path), hierarchy.MountPoint);
            if (mode != CgroupMode.Hybrid || hierarchy.Controllers != FreezerController)
            {
                folders.Add(folder);
            }
            else
            {
                _leftOut = folder.Path;
            }
        }

        _folders = [.. folders];
        _processes = mode == CgroupMode.Hybrid ? new ProcessFolder(_folders[^1].Path) : null;
        _freezer = PathOf(FreezerController) is { } freezer ? new Freezer(freezer) : null;
    }

    public CgroupMode Mode { get; }

    public IReadOnlyList<CgroupFolder> Folders => _folders;

    /// <summary>The freezer that a hybrid has beside: another runtime, which has made the container, pauses it there.</summary>
    private Freezer? Others => _leftOut is null ? null : new Freezer(_leftOut);

    private ReadOnlySpan<CgroupFolder> V1Folders => _folders.AsSpan(0, _processes is null ? _folders.Length : _folders.Length - 1);

    // Any hierarchy lists the processes; the freezer's is the one they are killed by.
    private string ProcessesPath => _processes?.Path ?? PathOf(FreezerController) ?? _folders[0].Path;

    public void Create() => CgroupFolders.Make(_folders);

    public bool Exists() => Array.Exists(_folders, folder => Directory.Exists(folder.Path));

    public void Apply(ResourcesSpec? resources)
    {
        // Before anything that could fail, and without it no process can join.
        if (Find(CpusetController.Name) is { } cpuset)
        {
            CpusetController.ApplyFirst(new ControlFolder(cpuset.Path), resources?.Cpu, cpuset.MountPoint);
        }

        if (resources is not null)
        {
            ResourcesOf(path => new ControlFolder(path)).Apply(resources, inUse: false);
        }
    }

    public void Update(ResourcesSpec resources)
    {
        var journal = new UndoJournal();
        try
        {
            ResourcesOf(path => new UndoableFolder(path, journal)).Apply(resources, inUse: true);
        }
        catch
        {
            journal.Undo();
            throw;
        }
    }

    public CgroupJoin Prepare(ResourcesSpec? resources)
    {
        if (_processes is null)
        {
            return WholeCgroup.Make(this, resources);
        }

        CgroupFolders.Make(_folders.AsSpan(_folders.Length - 1));
        return new CgroupJoin([], _processes.OpenFolder());
    }

    public CgroupJoin Complete(ResourcesSpec? resources)
    {
        if (_processes is null)
        {
            return new CgroupJoin([], null);
        }

        try
        {
            CgroupFolders.Make(V1Folders);
        }
        catch
        {
            // The others are not ours: they are not removed with it.
            _folders = [_folders[^1]];
            throw;
        }

        Apply(resources);
        return new CgroupJoin(CgroupFolders.OpenTasks(V1Folders), null);
    }

    public CgroupJoin OpenJoin(CgroupLeaf? leaf = null) =>
        new(CgroupFolders.OpenTasks(V1Folders), leaf?.OpenFolder() ?? _processes?.OpenFolder());

    public CgroupLeaf? CreateLeaf(string name) => _processes is null ? null : CgroupLeaf.Create(_processes.Path, name);

    public IReadOnlyList<int> GetPids(bool recursive = true) => CgroupTree.Pids(ProcessesPath, recursive);

    public bool IsPopulated() => _processes?.IsPopulated() ?? GetPids().Count > 0;

    public SafeFileHandle? OpenEvents() => _processes?.OpenEvents();

    public void Kill()
    {
        if (_processes is not null)
        {
            _processes.Kill();
            ThawOthers();
        }
        else if (_freezer is not null)
        {
            _freezer.Kill();
        }
        else
        {
            Signalling.KillAll(GetPids());
        }
    }

    public bool WaitEmpty(TimeSpan timeout) =>
        _processes?.WaitEmpty(timeout) ?? Waiting.Until(() => !IsPopulated(), timeout);

    public void Freeze()
    {
        if (_processes is not null)
        {
            _processes.Freeze();
        }
        else
        {
            RequiredFreezer.Freeze();
        }
    }

    public void Thaw()
    {
        if (_processes is not null)
        {
            _processes.Thaw();
            ThawOthers();
        }
        else
        {
            RequiredFreezer.Thaw();
        }
    }

    public bool IsFrozen() => (_processes?.IsFrozen() ?? _freezer?.IsFrozen() ?? false) || Others?.IsFrozen() is true;

    private void ThawOthers()
    {
        if (Others is { } freezer && freezer.IsFrozen())
        {
            freezer.Thaw();
        }
    }

    public long OomKillCount() => PathOf("memory") is { } memory
        ? (long)StatText.Find(CgroupFile.ReadIfPresent(memory + "/memory.oom_control"), "oom_kill")
        : 0;

    public OomWitness? WatchOom() => null;

    public CgroupStats Stats(StatsParts parts = StatsParts.All)
    {
        var details = parts.HasFlag(StatsParts.Details);
        ControlFolder? Wanted(StatsParts part, string controller) => parts.HasFlag(part) ? ControlFolderOf(controller) : null;

        return new CgroupStats
        {
            Cpu = Wanted(StatsParts.Cpu, "cpuacct") is { } cpu ? V1Stats.Cpu(cpu, ControlFolderOf("cpu"), details) : null,
            Memory = Wanted(StatsParts.Memory, "memory") is { } memory ? V1Stats.Memory(memory, details) : null,
            Pids = Wanted(StatsParts.Pids, "pids") is { } pids ? V1Stats.Pids(pids, details) : null,
            Io = Wanted(StatsParts.Io, "blkio") is { } io ? V1Stats.Io(io) : [],
            Hugetlb = parts.HasFlag(StatsParts.Hugetlb) ? HugetlbStats() : [],
        };
    }

    public void Remove()
    {
        var busy = CgroupFolders.TryRemove(_folders);
        if (busy.Errno == Errno.EBUSY)
        {
            WaitEmpty(s_removalLimit);
            busy = CgroupFolders.TryRemove(_folders);
        }

        if (busy.Errno != Errno.None)
        {
            throw new LinuxException(busy.Errno, "rmdir", busy.Path);
        }

        if (_leftOut is not null)
        {
            CgroupTree.TryRemove(_leftOut);
        }
    }

    private Freezer RequiredFreezer => _freezer
        ?? throw new CgroupException($"failed to freeze cgroup \"{_folders[0].Path}\": controller freezer is not mounted", Errno.ENOENT);

    private IReadOnlyList<HugetlbStats> HugetlbStats() => ControlFolderOf("hugetlb") is { } folder
        ? V1Stats.Hugetlb(folder)
        : _processes is null ? [] : V2Stats.Hugetlb(new ControlFolder(_processes.Path));

    private V1Resources ResourcesOf(Func<string, ControlFolder> open) =>
        new(controller => PathOf(controller) is { } path ? open(path) : null, open, _processes is null ? null : _folders[^1]);

    private CgroupFolder? Find(string controller)
    {
        foreach (var folder in V1Folders)
        {
            if (CgroupHierarchy.ListHas(folder.Controllers, controller))
            {
                return folder;
            }
        }

        return null;
    }

    private string? PathOf(string controller) => Find(controller)?.Path;

    private ControlFolder? ControlFolderOf(string controller) => PathOf(controller) is { } path ? new ControlFolder(path) : null;
}
