using CriShim.Linux;

namespace CriShim.Cgroups.V1;

/// <summary>
/// freezer of v1 (the kernel's Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst). A frozen process does not die before it is
/// thawed, and freezing needs another request where a process forks meanwhile.
/// </summary>
internal sealed class Freezer(string path)
{
    private const string StateFile = "freezer.state";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_limitBeforeKill = TimeSpan.FromMilliseconds(200);
    private const int MostKillPasses = 20;

    private readonly ControlFolder _folder = new(path);

    public bool IsFrozen() => _folder.Read(StateFile) == "FROZEN";

    public void Freeze()
    {
        if (!TryFreeze(s_limit))
        {
            Thaw();
            throw new CgroupException($"failed to freeze cgroup \"{path}\": processes did not stop in time", Errno.ETIMEDOUT);
        }
    }

    public void Thaw() => _folder.Write(StateFile, "THAWED");

    /// <summary>
    /// SIGKILL to all. Frozen, none can fork away from it; where freezing fails (a process in state D), passes are repeated until
    /// none is left or all have been signalled often enough.
    /// </summary>
    public void Kill()
    {
        for (var pass = 0; pass < MostKillPasses; pass++)
        {
            if (CgroupTree.Pids(path, recursive: true).Count == 0)
            {
                return;
            }

            var frozen = TryFreeze(s_limitBeforeKill);
            Signalling.KillAll(CgroupTree.Pids(path, recursive: true));
            Thaw();
            if (frozen)
            {
                return;
            }
        }
    }

    private bool TryFreeze(TimeSpan timeout) => Waiting.Until(
        () =>
        {
            _folder.Write(StateFile, "FROZEN");
            return IsFrozen();
        },
        timeout);
}
