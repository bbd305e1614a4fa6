using CriShim.Linux;

namespace CriShim.Cgroups.V2;

/// <summary>
/// Hands controllers down from the root of the hierarchy to a cgroup: a controller's files appear in a folder once every folder above has
/// it in cgroup.subtree_control (cgroup-v2.rst, "Enabling and Disabling").
/// </summary>
internal sealed class ControllerSet(string mountPoint)
{
    private static readonly string[] s_ours = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma", "misc"];

    /// <summary>Why a controller could not be handed down, for the error of the setting that needs it; null when all could.</summary>
    public string? Failure { get; private set; }

    /// <summary>Enables all our controllers in every folder above <paramref name="path"/> where they are not yet.</summary>
    public void Enable(string path) => Enable(path, Available(mountPoint).Intersect(s_ours).ToArray());

    /// <summary>
    /// Enables the controllers, from the top down. Nothing to do is the usual case, told by one read. What cannot be
    /// enabled (processes in a folder above, a controller in use by v1) is noted and fails only who needs it.
    /// </summary>
    public void Enable(string path, IReadOnlyCollection<string> controllers)
    {
        if (controllers.Except(Available(path)).Any())
        {
            EnableAbove(path, controllers);
        }
    }

    /// <summary>What can be set in a folder; empty when it is gone.</summary>
    public static string[] Available(string path) =>
        CgroupFile.ReadIfPresent(path + "/cgroup.controllers")?.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries) ?? [];

    private void EnableAbove(string path, IReadOnlyCollection<string> controllers)
    {
        if (path.Length <= mountPoint.Length || Path.GetDirectoryName(path) is not { } parent)
        {
            return;
        }

        EnableAbove(parent, controllers);
        var file = parent + "/cgroup.subtree_control";
        var enabled = CgroupFile.ReadIfPresent(file)?.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries) ?? [];
        var missing = controllers.Except(enabled).Select(controller => "+" + controller).ToArray();
        if (missing.Length > 0 && CgroupFile.TryWrite(file, string.Join(' ', missing)) != Errno.None)
        {
            EnableEach(file, missing);
        }
    }

    private void EnableEach(string file, string[] controllers)
    {
        foreach (var controller in controllers)
        {
            if (CgroupFile.TryWrite(file, controller) is var errno && errno != Errno.None)
            {
                var cause = errno == Errno.EBUSY ? "a cgroup with processes cannot hand controllers down" : "";
                Failure ??= new CgroupException(file, controller, errno, cause.Length > 0 ? cause : null).Message;
            }
        }
    }
}
