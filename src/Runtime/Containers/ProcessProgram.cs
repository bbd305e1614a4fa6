using System.Runtime.InteropServices;
using System.Text;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Security;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Processes;
using static CriShim.Linux.LibC.Signals;
using static CriShim.Linux.LibC.Sockets;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Containers;

/// <summary>
/// The last steps before a user's program, the same for a container's init and an exec'd process (one path, so that no set of
/// capabilities differs: CVE-2022-29162). Built by pure code, run as raw system calls.
/// <code>
/// 1 keyring   2 limits   3 scheduling   4 working folder   5 seccomp, when privileges are needed to load it
/// 6 bounding set   7 groups, ids (capabilities kept)   8 umask   9 capabilities   10 no_new_privs
/// 11 seccomp otherwise   12 signals   13 execve, one per candidate of PATH
/// </code>
/// </summary>
internal static class ProcessProgram
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    internal const string ExecStep = "exec";

    private const int KEYCTL_JOIN_SESSION_KEYRING = 1;
    private const int SECCOMP_SET_MODE_FILTER = 1;
    private const int SIGSTOP = 19;
    /// <summary>SIGRTMIN as programs see it: 32 and 33 are the C library's, whose posix_spawn(3) leaves them ignored in the child (signal(7)).</summary>
    private const int FirstRealtimeSignal = 34;
    private const int SIG_SETMASK = 2;
    private const int PER_LINUX32 = 8;

    /// <param name="Capabilities">What the process has to give: its permitted set when the program begins.</param>
    /// <param name="Keyring">Name of the container's session keyring, or null to keep the inherited one.</param>
    /// <param name="Seccomp">BPF; empty: none.</param>
    internal sealed record Context(ulong Capabilities, string? Keyring, byte[] Seccomp)
    {
        /// <summary>It runs in a user namespace: its capabilities are not the host's, which decide about limits.</summary>
        public bool InUserNamespace { get; init; }

        /// <summary>Needed where the filter has a listener (<see cref="SeccompProfile.HasListener"/>).</summary>
        public ListenerTarget? Listener { get; init; }
    }

    /// <summary>Where the process sends the listener of its filter: a connected socket among its descriptors, and what is sent beside it.</summary>
    internal sealed record ListenerTarget(int Socket, byte[] Body);

    public static void Add(SyscallProgram program, ProcessSpec process, Context context)
    {
        if (context.Keyring is { } keyring)
        {
            // Not permitted, or compiled out of the kernel: the process then has no session keyring of its own.
            program.Call("join keyring", SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, program.Text(keyring), onError: OnError.Ignore);
        }

        AddRlimits(program, process, !context.InUserNamespace && CapabilitySets.Has(context.Capabilities, CapabilityTable.SysResource));
        Scheduling.Add(program, process);
        AddWorkingFolder(program, process.Cwd);
        if (!process.NoNewPrivileges)
        {
            AddSeccomp(program, context);
        }

        AddIdentity(program, process, CapabilitySets.FromSpec(process.Capabilities, context.Capabilities));
        if (process.NoNewPrivileges)
        {
            program.Call("set no_new_privs", SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
            AddSeccomp(program, context);
        }

        AddSignals(program);
        AddExec(program, process);
    }

    /// <summary>personality(2): LINUX32 makes uname answer a 32-bit machine.</summary>
    public static void AddPersonality(SyscallProgram program, PersonalitySpec? personality)
    {
        if (personality is not null)
        {
            program.Call("set personality", SYS_personality, personality.Domain == "LINUX32" ? PER_LINUX32 : 0);
        }
    }

    /// <summary>The error of a program that failed, in the words that runtime users know.</summary>
    public static RuntimeError Describe(LinuxException e, ProcessSpec process)
    {
        var command = process.Args is { Count: > 0 } args ? args[0] : "";
        var message = e.Call != ExecStep ? e.Message
            : e.Errno == Errno.EACCES ? $"exec: \"{command}\": permission denied"
            : e.Errno is not (Errno.ENOENT or Errno.ENOTDIR) ? $"exec {command}: {Cause(e)}"
            : command.Contains('/') ? $"exec: \"{command}\": stat {command}: no such file or directory"
            : $"exec: \"{command}\": executable file not found in $PATH";
        return new RuntimeError(RuntimeErrorKind.Unknown, message, e.Call, (int)e.Errno, e.Call);
    }

    /// <summary>Files to try for a command, as execvp(3): itself when it names a folder, else in each folder of PATH.</summary>
    internal static IReadOnlyList<byte[]> Candidates(string command, IReadOnlyList<byte[]>? environment)
    {
        var name = Encoding.UTF8.GetBytes(command);
        if (command.Contains('/') || command.Length == 0)
        {
            return [name];
        }

        var candidates = new List<byte[]>();
        ReadOnlySpan<byte> rest = PathOf(environment);
        while (true)
        {
            var colon = rest.IndexOf((byte)':');
            var folder = colon < 0 ? rest : rest[..colon];
            candidates.Add(folder.IsEmpty ? [.. "./"u8, .. name] : [.. folder, (byte)'/', .. name]);
            if (colon < 0)
            {
                return candidates;
            }

            rest = rest[(colon + 1)..];
        }
    }

    /// <summary>
    /// Whatever others have put at the path by now: no link of procfs leads it out of the container (CVE-2024-21626). Still with all capabilities,
    /// as the folder may be closed to the program's user.
    /// </summary>
    private static void AddWorkingFolder(SyscallProgram program, string path)
    {
        var step = $"chdir to cwd (\"{path}\")";
        var how = new open_how { flags = O_PATH | O_DIRECTORY | O_CLOEXEC, resolve = RESOLVE_NO_MAGICLINKS };
        program
            .OpenAndSave(step, AT_FDCWD, path, how)
            .Call(step, SYS_fchdir, SyscallProgram.SavedResult);
    }

    private static ReadOnlySpan<byte> PathOf(IReadOnlyList<byte[]>? environment)
    {
        foreach (var variable in environment ?? [])
        {
            if (variable.AsSpan().StartsWith("PATH="u8))
            {
                return variable.AsSpan(5);
            }
        }

        return Encoding.ASCII.GetBytes(DefaultPath);
    }

    private static string Cause(LinuxException e) => e.Errno == Errno.ENOEXEC ? "exec format error" : e.Message[(e.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..];

    private static void AddRlimits(SyscallProgram program, ProcessSpec process, bool mayRaise)
    {
        foreach (var limit in process.Rlimits ?? [])
        {
            var resource = Rlimits.Find(limit.Type);
            var value = Rlimits.Clamp(limit, Rlimits.Current(resource), mayRaise);
            program.Call($"set {limit.Type}", SYS_prlimit64, 0, resource, program.Struct(value));
        }
    }

    private static void AddSeccomp(SyscallProgram program, Context context)
    {
        if (context.Seccomp.Length == 0)
        {
            return;
        }

        var flags = (nint)SeccompProfile.FlagsOf(context.Seccomp);
        var instructions = context.Seccomp.AsSpan(sizeof(long));
        var header = program.Struct(new sock_fprog { len = (ushort)(instructions.Length / sizeof(long)), filter = program.Bytes(instructions) });
        if (context.Listener is not { } target)
        {
            program.Call("load seccomp profile", SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, header);
            return;
        }

        // Nothing between loading and sending: the agent may be asked about any call but these two.
        var (message, descriptor) = UnixStream.Prepare(program, target.Body);
        program
            .CallAndStore("load seccomp profile", descriptor, SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, header)
            .Call("send the seccomp listener", SYS_sendmsg, target.Socket, message, MSG_NOSIGNAL)
            .Call("close the listener's socket", SYS_close, target.Socket);
    }

    private static void AddIdentity(SyscallProgram program, ProcessSpec process, CapabilitySets sets)
    {
        for (var capability = 0; capability < CapabilityTable.Count; capability++)
        {
            if (!CapabilitySets.Has(sets.Bounding, capability))
            {
                // EINVAL: a capability that this kernel does not know.
                program.Call("drop from the bounding set", SYS_prctl, PR_CAPBSET_DROP, capability, onError: OnError.Ignore);
            }
        }

        var user = process.User;
        var groups = user.AdditionalGids ?? [];
        program.Call("keep capabilities", SYS_prctl, PR_SET_KEEPCAPS, 1);
        program.Call("setgroups", SYS_setgroups, groups.Count, program.Bytes(MemoryMarshal.AsBytes<uint>(groups.ToArray())));
        program.Call($"setresgid {user.Gid}", SYS_setresgid, (nint)user.Gid, (nint)user.Gid, (nint)user.Gid);
        program.Call($"setresuid {user.Uid}", SYS_setresuid, (nint)user.Uid, (nint)user.Uid, (nint)user.Uid);
        program.Call("drop kept capabilities", SYS_prctl, PR_SET_KEEPCAPS, 0);
        program.Call("umask", SYS_umask, (nint)(user.Umask ?? 0b000_010_010));
        program.Call("capset", SYS_capset, program.Struct(new cap_header { version = _LINUX_CAPABILITY_VERSION_3 }), program.Struct(ToData(sets)));
        program.Call("clear ambient capabilities", SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, onError: OnError.Ignore);
        for (var capability = 0; capability < CapabilityTable.Count; capability++)
        {
            if (CapabilitySets.Has(sets.Ambient, capability))
            {
                program.Call("raise ambient capability", SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability);
            }
        }
    }

    /// <summary>An ignored signal stays ignored across an execve, and the .NET runtime ignores SIGPIPE.</summary>
    private static void AddSignals(SyscallProgram program)
    {
        var none = program.Bytes(new byte[sizeof(long)]);
        var defaultAction = program.Bytes(new byte[4 * sizeof(long)]);
        for (var signal = 1; signal < FirstRealtimeSignal; signal++)
        {
            if (signal is not (SIGKILL or SIGSTOP))
            {
                program.Call("default signal action", SYS_rt_sigaction, signal, defaultAction, 0, sizeof(long));
            }
        }

        program.Call("unblock signals", SYS_rt_sigprocmask, SIG_SETMASK, none, 0, sizeof(long));
    }

    private static void AddExec(SyscallProgram program, ProcessSpec process)
    {
        var arguments = program.TextArray(process.Args!);
        var environment = program.ByteStringArray(process.Env ?? []);
        var candidates = Candidates(process.Args![0], process.Env);
        for (var i = 0; i < candidates.Count; i++)
        {
            program.Call(
                ExecStep,
                SYS_execve,
                program.Text(candidates[i]),
                arguments,
                environment,
                onError: i == candidates.Count - 1 ? OnError.FailCandidates : OnError.TryNext);
        }
    }

    private static cap_data ToData(CapabilitySets sets) => new()
    {
        effective0 = (uint)sets.Effective,
        effective1 = (uint)(sets.Effective >> 32),
        permitted0 = (uint)sets.Permitted,
        permitted1 = (uint)(sets.Permitted >> 32),
        inheritable0 = (uint)sets.Inheritable,
        inheritable1 = (uint)(sets.Inheritable >> 32),
    };

    /// <summary>struct sock_fprog of linux/filter.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct sock_fprog
    {
        public ushort len;
        public nint filter;
    }
}
