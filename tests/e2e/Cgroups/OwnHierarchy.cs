using CriShim.E2e.Runtime;
using CriShim.TestKit;

namespace CriShim.E2e.Cgroups;

/// <summary>Controllers of v1 that the machine has not mounted, mounted for one run of the runtime alone: in a mount namespace of its own.</summary>
internal static class OwnHierarchy
{
    private const string Script =
        """
        attach() { mount -t cgroup -o "$4" none "$1/own"; }
        mkdir -p "$1/own" && attach "$@" || exit 99
        "$2" --root "$1/state" run --bundle "$1" "$3"; code=$?
        umount "$1/own"
        # The hierarchy stays while the kernel has not freed its cgroups, and then goes with the next unmount.
        for i in $(seq 100); do grep -q "^${4%%,*}[[:space:]]0" /proc/cgroups && break; attach "$@"; umount "$1/own"; sleep 0.1; done
        exit $code
        """;

    /// <summary>Inside, the hierarchy is /sys/fs/cgroup/own.</summary>
    /// <param name="controllers">As mount(8) has them.</param>
    public static CommandResult Run(OciBundle bundle, string controllers, string script)
    {
        bundle.WriteSpec("sh", "-c", script);
        return Command.Run("unshare", ["-m", "sh", "-c", Script, "sh", bundle.Path, Binaries.Runtime, bundle.Id, controllers]);
    }
}
