using CriShim.Linux;

namespace CriShim.Cgroups.V2;

/// <summary>The spec's map of v2 files to values, written raw and last (config-linux.md, "Unified").</summary>
internal static class UnifiedSettings
{
    public static void Apply(ControlFolder folder, IReadOnlyDictionary<string, string> settings)
    {
        foreach (var (file, value) in settings)
        {
            if (file.Length == 0 || file.Contains('/') || file is "." or "..")
            {
                throw folder.Refused(file, value, Errno.EINVAL, "not the name of a control file");
            }

            // Files that act instead of setting: a client could move or kill processes that are not the container's.
            if (file is "cgroup.procs" or "cgroup.threads" or "cgroup.kill")
            {
                throw folder.Refused(file, value, Errno.EINVAL, "not a setting");
            }

            // Files by device or by key (io.max) take one line at a write.
            folder.WriteEach(file, value.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }
}
