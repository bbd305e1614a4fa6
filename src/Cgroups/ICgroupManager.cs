using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Cgroups;

/// <summary>
/// One container's cgroup: a folder in every hierarchy of the machine. Holds no file open and nothing in memory that another process
/// could not find again, so a later process works on the same cgroup through a new manager for the same path. Not thread-safe.
/// Errors: <see cref="CgroupException"/> or <see cref="Linux.LinuxException"/>.
/// <code>
/// life of a container:  Prepare, clone (the child joins), Complete (it joins the rest), … OomKillCount, [Kill,] Remove
/// </code>
/// </summary>
public interface ICgroupManager
{
    CgroupMode Mode { get; }

    /// <summary>The cgroup in each hierarchy, whether or not it exists; v1 in the order of the mounts, v2 last.</summary>
    IReadOnlyList<CgroupFolder> Folders { get; }

    /// <summary>
    /// Makes the folders, and parents that are missing. What an earlier life left behind empty is replaced; a cgroup that
    /// still has processes is refused. Undoes itself when it fails.
    /// </summary>
    void Create();

    /// <summary>True while a folder of the cgroup is there.</summary>
    bool Exists();

    /// <summary>
    /// First limits of a cgroup just created, before a process joins. Settings that are null stay as the kernel made them, but a
    /// v1 cpuset always gets its parent's CPUs and memory nodes where none are given.
    /// </summary>
    void Apply(ResourcesSpec? resources);

    /// <summary>
    /// Changes the limits of a cgroup in use, all or (but for device rules) none. Settings that are null stay. Device rules change without a
    /// moment of denial.
    /// </summary>
    void Update(ResourcesSpec resources);

    /// <summary>
    /// Makes what must be there before a container's first process is cloned, and opens it: <see cref="Create"/>, <see cref="Apply"/> and
    /// <see cref="OpenJoin"/>. On a hybrid only the v2 folder: the v1 hierarchies, the slower part, are made by <see cref="Complete"/> while
    /// the process starts up. Undoes itself when it fails.
    /// </summary>
    CgroupJoin Prepare(ResourcesSpec? resources);

    /// <summary>Makes the rest, with its limits, and opens what the process has to join still. When it fails: <see cref="Remove"/>.</summary>
    CgroupJoin Complete(ResourcesSpec? resources);

    /// <summary>
    /// Opens what a new process needs to join; with a leaf, its v2 part is the leaf. The caller disposes it after the clone.
    /// </summary>
    CgroupJoin OpenJoin(CgroupLeaf? leaf = null);

    /// <summary>
    /// Makes a leaf below the v2 folder so that an exec'd process and all it starts can be told apart and killed together.
    /// Limits are still the container's. Null where there is no v2 hierarchy, or no leaf can be made in it.
    /// </summary>
    CgroupLeaf? CreateLeaf(string name);

    /// <summary>Process ids, as seen from the reader's PID namespace; empty when the cgroup is gone.</summary>
    IReadOnlyList<int> GetPids(bool recursive = true);

    /// <summary>False when no process is left in the cgroup or below it, zombies not counted, or when it is gone.</summary>
    bool IsPopulated();

    /// <summary>
    /// cgroup.events of the v2 folder, for epoll with EPOLLPRI: fires when <see cref="IsPopulated"/> changes. Null where
    /// there is no v2 hierarchy.
    /// </summary>
    SafeFileHandle? OpenEvents();

    /// <summary>
    /// SIGKILL to every process, frozen ones too; returns once all have been signalled, not when all are dead. Does nothing when
    /// the cgroup is gone.
    /// </summary>
    void Kill();

    /// <summary>Waits until the cgroup is empty; false when the time is over.</summary>
    bool WaitEmpty(TimeSpan timeout);

    /// <summary>Stops all processes; returns when they are stopped (bounded, then thaws again and throws).</summary>
    void Freeze();

    void Thaw();

    bool IsFrozen();

    /// <summary>How many processes of this cgroup the kernel's OOM killer ended. Read it before <see cref="Remove"/>. 0 without a memory controller.</summary>
    long OomKillCount();

    /// <summary>
    /// Keeps the OOM kills of a cgroup that goes by itself when its last process has ended; to be made before a program runs there. Null where
    /// the cgroup stays until <see cref="Remove"/>, or nothing above it counts. The caller's.
    /// </summary>
    OomWitness? WatchOom();

    /// <summary>What is used now. Parts whose controller is absent are null.</summary>
    CgroupStats Stats(StatsParts parts = StatsParts.All);

    /// <summary>
    /// Removes the folders and all below them, never a parent. Waits a bounded time for processes that are still ending.
    /// Succeeds when nothing is there. Errno EBUSY when processes are left: <see cref="Kill"/> first.
    /// </summary>
    void Remove();
}
