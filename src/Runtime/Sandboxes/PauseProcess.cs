using CriShim.Linux;
using CriShim.Runtime.Rootfs;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.Polling;
using static CriShim.Linux.LibC.Processes;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Sandboxes;

/// <summary>
/// PID 1 of a pod whose containers share a PID namespace: it lives, and orphans vanish. Its root is an empty read-only tmpfs: through
/// /proc/1/root a container that may trace processes would otherwise see the host's.
/// </summary>
internal static class PauseProcess
{
    /// <summary>A byte written to it says that containers may join.</summary>
    public const int ReadyFd = 3;

    private const int SIGCHLD = 17;
    private const long SIG_IGN = 1;

    public static int Run()
    {
        Check.Result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)");
        IgnoreChildren();
        Check.Result(mount(null, "/", null, MS_SLAVE | MS_REC, null), "mount", "propagation of /");
        var empty = DetachedMount.Create("tmpfs", "tmpfs", ["nr_inodes=2"], MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        using (var root = new RootFd(empty))
        using (var over = Fd.Open("/", O_PATH))
        {
            DetachedMount.Attach(root.Folder, over, "/");
            PivotRoot.Enter(root, noPivot: false);
        }

        using (var ready = new SafeFileHandle(ReadyFd, ownsHandle: true))
        {
            Fd.WriteAll(ready, "0"u8);
        }

        while (true)
        {
            _ = poll([], 0, -1);
        }
    }

    /// <summary>Children of a process that ignores SIGCHLD leave no zombies (wait(2)). Signals without a handler do not reach a PID 1.</summary>
    private static void IgnoreChildren()
    {
        using var program = new SyscallProgram();
        program.Call("ignore SIGCHLD", SYS_rt_sigaction, SIGCHLD, program.Bytes(BitConverter.GetBytes(SIG_IGN).Concat(new byte[24]).ToArray()), 0, sizeof(long));
        program.Run();
    }
}
