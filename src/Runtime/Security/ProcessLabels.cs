using System.Text;
using CriShim.Linux;
using CriShim.Linux.LibC;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Security;

/// <summary>
/// What a process is confined by from its execve on: an AppArmor profile (apparmor(7), attr/apparmor/exec) and an SELinux context
/// (attr/exec, and attr/keycreate for its keyring). They are written through the host's procfs, which is opened and looked at before
/// anything of the container is in reach (CVE-2019-16884 and its kin wrote into files that only looked like it).
/// </summary>
internal static class ProcessLabels
{
    private const ulong ProcRootInode = 1;

    // Since Linux 5.8; before, AppArmor had the file that all modules share.
    private const string AppArmorFile = "thread-self/attr/apparmor/exec";
    private const string SharedFile = "thread-self/attr/exec";
    private const string KeyFile = "thread-self/attr/keycreate";

    /// <summary>Throws <see cref="RuntimeException"/> that names the member: asked for, and not there.</summary>
    public static void Require(ProcessSpec process, SecurityModules modules)
    {
        if (process.ApparmorProfile is { Length: > 0 } profile)
        {
            Require(modules.HasAppArmor, "process.apparmorProfile", $"\"{profile}\" cannot be applied: AppArmor is not enabled on this host");
            Require(!profile.AsSpan().ContainsAny('\0', '\n'), "process.apparmorProfile", "is not a profile's name");
            var known = profile == "unconfined" || profile.Contains("//", StringComparison.Ordinal);
            Require(known || modules.IsProfileLoaded(profile) != false, "process.apparmorProfile", $"\"{profile}\" is not loaded");
        }

        Require(string.IsNullOrEmpty(process.SelinuxLabel) || modules.HasSelinux, "process.selinuxLabel", "cannot be applied: SELinux is not enabled on this host");
    }

    /// <summary>The host's procfs, opened while "/proc" is still the host's; null where the process gets no label.</summary>
    public static SafeFileHandle? OpenProc(ProcessSpec process)
    {
        if (string.IsNullOrEmpty(process.ApparmorProfile) && string.IsNullOrEmpty(process.SelinuxLabel))
        {
            return null;
        }

        var proc = Fd.Open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW);
        if (DetachedMount.FileSystemType(proc) == PROC_SUPER_MAGIC && FileStat.Of(proc).stx_ino == ProcRootInode)
        {
            return proc;
        }

        proc.Dispose();
        throw new LinuxException(Errno.ENODEV, "open procfs", "/proc");
    }

    /// <summary>Appends the writes, which count for the thread that runs them and its next execve.</summary>
    public static void Add(SyscallProgram program, ProcessSpec process, SafeFileHandle? proc)
    {
        if (proc is null)
        {
            return;
        }

        if (process.ApparmorProfile is { Length: > 0 } profile)
        {
            using var probe = new RootFd(Fd.OpenAt(proc, ".", O_PATH | O_DIRECTORY));
            using var own = probe.OpenIfPresent(AppArmorFile, O_PATH);
            AddWrite(program, proc, own is null ? SharedFile : AppArmorFile, $"exec {profile}", $"apply AppArmor profile \"{profile}\"");
        }

        if (process.SelinuxLabel is { Length: > 0 } label)
        {
            AddWrite(program, proc, SharedFile, label, $"apply SELinux label \"{label}\"");
            AddWrite(program, proc, KeyFile, label, $"label keys \"{label}\"");
        }

        // Nothing of the host is within reach of the program's path, not even until its execve (CVE-2024-21626).
        program.Call("close procfs", SyscallNumbers.SYS_close, proc.DangerousGetHandle());
    }

    private static void AddWrite(SyscallProgram program, SafeFileHandle proc, string file, string text, string step)
    {
        var how = new open_how { flags = O_WRONLY | O_CLOEXEC, resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS };
        var bytes = Encoding.UTF8.GetBytes(text);
        program
            .OpenAndSave(step, proc.DangerousGetHandle(), file, how)
            .Call(step, SyscallNumbers.SYS_write, SyscallProgram.SavedResult, program.Bytes(bytes), bytes.Length);
    }

    private static void Require(bool holds, string member, string problem)
    {
        if (!holds)
        {
            throw new RuntimeException(new RuntimeError(RuntimeErrorKind.InvalidArgument, $"failed to read spec: {member} {problem}", "validate"));
        }
    }
}
