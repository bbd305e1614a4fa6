using System.Globalization;
using System.Text;
using CriShim.Cgroups;
using CriShim.Cgroups.Resctrl;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Init;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.Processes;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Containers;

/// <summary>
/// Clones a container's init: the child joins cgroups and namespaces by raw system calls and goes on as <see cref="InitProcess"/>, a copy of
/// its creator, with all that this knows. The order is the kernel's: the new user namespace's ids only after the parent has written its
/// maps. A new cgroup namespace has to wait until the init is in all its cgroups (<see cref="CgroupEntry"/>).
/// </summary>
internal static class InitClone
{
    /// <param name="join">Stays the caller's, as all descriptors do.</param>
    public static ClonedProcess Start(InitSetup setup, NamespacePlan namespaces, CgroupJoin join)
    {
        var request = setup.Request;
        using var resctrl = ResctrlGroup.Find(request.Id, request.Spec.Linux?.IntelRdt)?.OpenJoin();
        using var maps = PipePair.Create();
        using var fds = new InheritedFds([(0, request.Stdin), (1, request.Stdout), (2, request.Stderr)]);
        using var program = new SyscallProgram();
        ProgramParts.AddFds(program, fds);
        ProgramParts.AddCgroupJoin(program, join, resctrl);
        var makesUser = (namespaces.Made & CLONE_NEWUSER) != 0;
        if (makesUser)
        {
            AddWaitForMaps(program, maps);
        }

        AddNamespaces(program, namespaces, request.Spec);
        program.Call("setsid", SYS_setsid);
        return CloneExec.Continue(() => InitProcess.Run(setup, program), new CloneOptions
        {
            Namespaces = namespaces.MadeByClone,
            Cgroup = join.CloneInto,
            PidNamespace = namespaces.Pid,
            UserNamespace = namespaces.User,
            FirstFreeFd = fds.Last + 1,
            OnCloned = pid => Prepare(pid, request.Spec, makesUser ? maps.Writer : null),
        });
    }

    /// <summary>What only a process outside the new user namespace may do.</summary>
    private static void Prepare(int pid, Spec spec, SafeFileHandle? mapsWritten)
    {
        if (spec.Process?.OomScoreAdj is { } score)
        {
            OomScore.Set(pid, score);
        }

        if (mapsWritten is not null)
        {
            IdMappings.Write(pid, spec.Linux?.UidMappings ?? [], spec.Linux?.GidMappings ?? []);
            Fd.WriteAll(mapsWritten, "0"u8);
        }
    }

    /// <summary>Its creator may end before it writes; and a change of ids makes a process dumpable again where fs.suid_dumpable is 1.</summary>
    private static void AddWaitForMaps(SyscallProgram program, PipePair maps) => program
        .Call("close the id map signal", SYS_close, Number(maps.Writer))
        .Call("read the id map signal", SYS_read, Number(maps.Reader), program.Bytes(new byte[1]), 1)
        .Call("setgroups", SYS_setgroups, 0, 0, onError: OnError.Ignore)
        .Call("setresgid", SYS_setresgid, 0, 0, 0)
        .Call("setresuid", SYS_setresuid, 0, 0, 0)
        .Call("prctl(PR_SET_DUMPABLE)", SYS_prctl, PR_SET_DUMPABLE, 0);

    private static void AddNamespaces(SyscallProgram program, NamespacePlan namespaces, Spec spec)
    {
        foreach (var (type, flag, fd) in namespaces.JoinedInside)
        {
            program.Call($"join the {type} namespace", SYS_setns, Number(fd), (nint)flag);
        }

        if ((namespaces.Made & CLONE_NEWNET) != 0)
        {
            Loopback.AddSetUp(program);
        }

        if ((namespaces.Made & CLONE_NEWTIME) != 0)
        {
            program.Call("unshare the time namespace", SYS_unshare, (nint)CLONE_NEWTIME);
            AddTimeOffsets(program, spec.Linux?.TimeOffsets);
        }
    }

    /// <summary>The container's program is in the new time namespace from its execve on (kernel 6.1; before, its children are).</summary>
    private static void AddTimeOffsets(SyscallProgram program, IReadOnlyDictionary<string, TimeOffsetSpec>? offsets)
    {
        foreach (var (clock, offset) in offsets ?? new Dictionary<string, TimeOffsetSpec>())
        {
            var line = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{clock} {offset.Secs} {offset.Nanosecs}\n"));
            program
                .CallAndSave("open timens_offsets", SYS_openat, AT_FDCWD, program.Text("/proc/self/timens_offsets"), O_WRONLY | O_CLOEXEC)
                .Call("write timens_offsets", SYS_write, SyscallProgram.SavedResult, program.Bytes(line), line.Length);
        }
    }

    private static nint Number(SafeFileHandle fd) => fd.DangerousGetHandle();
}
