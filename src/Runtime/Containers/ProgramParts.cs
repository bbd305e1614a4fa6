using CriShim.Cgroups;
using CriShim.Linux;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Containers;

/// <summary>Pieces that the programs of a container's init and of an exec'd process share.</summary>
internal static class ProgramParts
{
    /// <summary>Puts the descriptors under their numbers, open across the execve.</summary>
    public static void AddFds(SyscallProgram program, InheritedFds fds)
    {
        foreach (var (number, source) in fds.Mapping)
        {
            program.Call($"dup3 {number}", SYS_dup3, source.DangerousGetHandle(), number);
        }
    }

    /// <summary>"0" is the writer: the process, single-threaded, moves itself without the kernel's global lock.</summary>
    /// <param name="resctrl">Its files are alike.</param>
    public static void AddCgroupJoin(SyscallProgram program, CgroupJoin join, CgroupJoin? resctrl = null)
    {
        var zero = program.Bytes("0"u8);
        foreach (var file in join.TaskFiles.Concat(resctrl?.TaskFiles ?? []))
        {
            program.Call("join the cgroup", SYS_write, file.DangerousGetHandle(), zero, 1);
        }
    }
}
