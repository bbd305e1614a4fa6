using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Cgroups.V2;

/// <summary>A cgroup in the one hierarchy of a unified machine.</summary>
internal sealed class CgroupV2Manager : ICgroupManager
{
    private readonly CgroupFolder _folder;
    private readonly ControlFolder _files;
    private readonly ProcessFolder _processes;
    private readonly ControllerSet _controllers;

    public CgroupV2Manager(CgroupHierarchy hierarchy, string path)
    {
        _folder = new CgroupFolder("", CgroupPath.ResolveBeside(hierarchy, path), hierarchy.MountPoint);
        _files = new ControlFolder(_folder.Path);
        _processes = new ProcessFolder(_folder.Path);
        _controllers = new ControllerSet(hierarchy.MountPoint);
    }

    public CgroupMode Mode => CgroupMode.Unified;

    public IReadOnlyList<CgroupFolder> Folders => [_folder];

    public void Create()
    {
        CgroupTree.MakeNew(_folder.Path);
        try
        {
            EnableControllers();
        }
        catch
        {
            CgroupTree.TryRemove(_folder.Path);
            throw;
        }
    }

    public void EnableControllers() => _controllers.Enable(_folder.Path);

    public bool Exists() => Directory.Exists(_folder.Path);

    public void Apply(ResourcesSpec? resources)
    {
        if (resources is not null)
        {
            Apply(_files, resources, inUse: false);
        }
    }

    public void Update(ResourcesSpec resources) => Update(resources, () => { });

    /// <param name="then">Belongs to the change: when it throws, all is undone.</param>
    public void Update(ResourcesSpec resources, Action then)
    {
        var journal = new UndoJournal();
        try
        {
            Apply(new UndoableFolder(_folder.Path, journal), resources, inUse: true);
            then();
        }
        catch
        {
            journal.Undo();
            throw;
        }
    }

    public CgroupJoin Prepare(ResourcesSpec? resources) => WholeCgroup.Make(this, resources);

    public CgroupJoin Complete(ResourcesSpec? resources) => new([], null);

    public CgroupJoin OpenJoin(CgroupLeaf? leaf = null) => new([], leaf?.OpenFolder() ?? _processes.OpenFolder());

    public CgroupLeaf? CreateLeaf(string name) => CgroupLeaf.Create(_folder.Path, name);

    public IReadOnlyList<int> GetPids(bool recursive = true) => CgroupTree.Pids(_folder.Path, recursive);

    public bool IsPopulated() => _processes.IsPopulated();

    public SafeFileHandle? OpenEvents() => _processes.OpenEvents();

    public void Kill() => _processes.Kill();

    public bool WaitEmpty(TimeSpan timeout) => _processes.WaitEmpty(timeout);

    public void Freeze() => _processes.Freeze();

    public void Thaw() => _processes.Thaw();

    public bool IsFrozen() => _processes.IsFrozen();

    public long OomKillCount() => OomEvents.KillCount(_folder.Path);

    public OomWitness? WatchOom() => null;

    public CgroupStats Stats(StatsParts parts = StatsParts.All)
    {
        var details = parts.HasFlag(StatsParts.Details);
        var pressure = parts.HasFlag(StatsParts.Pressure);
        return new CgroupStats
        {
            Cpu = parts.HasFlag(StatsParts.Cpu) ? V2Stats.Cpu(_files, details, pressure) : null,
            Memory = parts.HasFlag(StatsParts.Memory) ? V2Stats.Memory(_files, details, pressure) : null,
            Pids = parts.HasFlag(StatsParts.Pids) ? V2Stats.Pids(_files, details) : null,
            Io = parts.HasFlag(StatsParts.Io) ? V2Stats.Io(_files) : [],
            IoPressure = pressure ? V2Stats.Pressure(_files.Read("io.pressure")) : null,
            Hugetlb = parts.HasFlag(StatsParts.Hugetlb) ? V2Stats.Hugetlb(_files) : [],
        };
    }

    public void Remove() => _processes.Remove();

    private void Apply(ControlFolder files, ResourcesSpec resources, bool inUse)
    {
        try
        {
            V2Resources.Apply(files, resources, inUse);
        }
        catch (CgroupException error) when (error.Errno == Errno.ENOENT && _controllers.Failure is { } failure)
        {
            throw new CgroupException($"{error.Message}; {failure}", error.Errno, error);
        }
    }
}
