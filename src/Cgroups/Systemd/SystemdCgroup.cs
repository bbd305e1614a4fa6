using System.Diagnostics.CodeAnalysis;
using CriShim.Cgroups.V2;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Cgroups.Systemd;

/// <summary>
/// A cgroup that systemd makes and knows: a transient scope in a slice, on a unified machine. Inside it is ours (Delegate): all but making,
/// limiting and removing it is as without systemd.
/// <code>
/// Create     a process to hold the scope open
/// Apply      StartTransientUnit with it and the limits -> JobRemoved "done"; controllers that systemd does not know; the files
/// Update     files, then SetUnitProperties with the same
/// OpenJoin   the first: when the clone is done, the holder ends and the connection closes
/// Remove     rmdir, StopUnit
/// </code>
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "the holder ends with the join, or with the cgroup")]
internal sealed class SystemdCgroup(CgroupHierarchy hierarchy, ScopePath scope, SystemdUnits units) : ICgroupManager
{
    private readonly CgroupV2Manager _cgroup = new(hierarchy, scope.Folder);
    private ScopeHolder? _holder;

    public CgroupMode Mode => _cgroup.Mode;

    public IReadOnlyList<CgroupFolder> Folders => _cgroup.Folders;

    public void Create()
    {
        if (_cgroup.IsPopulated())
        {
            throw new CgroupException($"failed to create cgroup \"{Folders[0].Path}\": it exists and has processes", Errno.EBUSY);
        }

        _holder = new ScopeHolder();
    }

    public bool Exists() => _cgroup.Exists();

    public void Apply(ResourcesSpec? resources)
    {
        var holder = _holder ?? throw new InvalidOperationException("not created");
        var limits = resources ?? new ResourcesSpec();
        units.StartScope(
            scope.Unit,
            [.. ScopeProperties.Base(scope, (uint)holder.Pid), .. ScopeProperties.AtStart(limits), .. ScopeProperties.Of(limits, hasBfq: null)]);
        _cgroup.EnableControllers();
        _cgroup.Apply(resources);
        if (limits.BlockIO?.Weight is > 0)
        {
            Tell(limits);
        }
    }

    public void Update(ResourcesSpec resources) => _cgroup.Update(resources, () => Tell(resources));

    public CgroupJoin Prepare(ResourcesSpec? resources) => WholeCgroup.Make(this, resources);

    public CgroupJoin Complete(ResourcesSpec? resources) => new([], null);

    public CgroupJoin OpenJoin(CgroupLeaf? leaf = null)
    {
        var join = _cgroup.OpenJoin(leaf);
        return _holder is null ? join : new CgroupJoin(join.TaskFiles, join.CloneInto, Joined);
    }

    public CgroupLeaf? CreateLeaf(string name) => _cgroup.CreateLeaf(name);

    public IReadOnlyList<int> GetPids(bool recursive = true) => _cgroup.GetPids(recursive);

    public bool IsPopulated() => _cgroup.IsPopulated();

    public SafeFileHandle? OpenEvents() => _cgroup.OpenEvents();

    public void Kill() => _cgroup.Kill();

    public bool WaitEmpty(TimeSpan timeout) => _cgroup.WaitEmpty(timeout);

    public void Freeze() => _cgroup.Freeze();

    public void Thaw() => _cgroup.Thaw();

    public bool IsFrozen() => _cgroup.IsFrozen();

    public long OomKillCount() => _cgroup.OomKillCount();

    /// <summary>systemd removes a scope's cgroup once it has heard that nothing runs in it.</summary>
    public OomWitness? WatchOom() => OomWitness.Begin(Folders[0].Path);

    public CgroupStats Stats(StatsParts parts = StatsParts.All) => _cgroup.Stats(parts);

    /// <summary>The folders first: systemd would kill what is left, where the caller is to be told.</summary>
    public void Remove()
    {
        _holder?.Dispose();
        _holder = null;
        _cgroup.Remove();
        units.Stop(scope.Unit);
    }

    private void Tell(ResourcesSpec resources)
    {
        if (ScopeProperties.Of(resources, File.Exists(Folders[0].Path + "/io.bfq.weight")) is { Count: > 0 } properties)
        {
            units.SetProperties(scope.Unit, properties);
        }
    }

    // A supervisor lives as long as its container: a bus has room for a few hundred connections.
    private void Joined()
    {
        _holder?.Dispose();
        _holder = null;
        units.Disconnect();
    }
}
