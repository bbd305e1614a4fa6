using Microsoft.Win32.SafeHandles;

namespace CriShim.Cgroups;

/// <summary>
/// What a process needs to come into being inside a cgroup. v1: it writes "0" into each of <see cref="TaskFiles"/> itself while
/// single-threaded: the kernel then takes no global lock (cgroup_threadgroup_rwsem, ~10 ms), as it does for a pid in cgroup.procs.
/// v2: clone3 with CLONE_INTO_CGROUP and <see cref="CloneInto"/>. A hybrid has both. All fds are close-on-exec.
/// </summary>
/// <param name="taskFiles">See <see cref="TaskFiles"/>.</param>
/// <param name="cloneInto">See <see cref="CloneInto"/>.</param>
/// <param name="joined">What is done when the process is in.</param>
public sealed class CgroupJoin(IReadOnlyList<SafeFileHandle> taskFiles, SafeFileHandle? cloneInto, Action? joined = null) : IDisposable
{
    /// <summary>The `tasks` file of each v1 hierarchy, open for writing.</summary>
    public IReadOnlyList<SafeFileHandle> TaskFiles { get; } = taskFiles;

    /// <summary>The v2 folder, or null.</summary>
    public SafeFileHandle? CloneInto { get; } = cloneInto;

    public void Dispose()
    {
        foreach (var file in TaskFiles)
        {
            file.Dispose();
        }

        CloneInto?.Dispose();
        joined?.Invoke();
    }
}
