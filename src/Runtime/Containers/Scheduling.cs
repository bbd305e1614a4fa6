using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Containers;

/// <summary>I/O priority (ioprio_set(2)) and CPU scheduler (sched_setattr(2)) of a process.</summary>
internal static class Scheduling
{
    private const int IOPRIO_WHO_PROCESS = 1;
    private const int IOPRIO_CLASS_SHIFT = 13;

    private static readonly string[] s_ioClasses = ["IOPRIO_CLASS_NONE", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"];

    private static readonly string[] s_policies =
        ["SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"];

    private static readonly string[] s_flags =
    [
        "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS",
        "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX",
    ];

    public static bool IsIoClass(string name) => Array.IndexOf(s_ioClasses, name) >= 0;

    public static bool IsPolicy(string name) => Array.IndexOf(s_policies, name) >= 0;

    public static bool IsFlag(string name) => Array.IndexOf(s_flags, name) >= 0;

    public static void Add(SyscallProgram program, ProcessSpec process)
    {
        if (process.IoPriority is { } io)
        {
            var value = (Array.IndexOf(s_ioClasses, io.Class) << IOPRIO_CLASS_SHIFT) | io.Priority;
            program.Call("set I/O priority", SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value);
        }

        if (process.Scheduler is { } scheduler)
        {
            program.Call("set scheduler", SYS_sched_setattr, 0, program.Bytes(Attributes(scheduler)), 0);
        }
    }

    /// <summary>struct sched_attr, first version, 48 bytes.</summary>
    private static byte[] Attributes(SchedulerSpec scheduler)
    {
        var flags = 0UL;
        foreach (var flag in scheduler.Flags ?? [])
        {
            flags |= 1UL << Array.IndexOf(s_flags, flag);
        }

        return
        [
            .. BitConverter.GetBytes(48u),
            .. BitConverter.GetBytes(Array.IndexOf(s_policies, scheduler.Policy)),
            .. BitConverter.GetBytes(flags),
            .. BitConverter.GetBytes(scheduler.Nice ?? 0),
            .. BitConverter.GetBytes(scheduler.Priority ?? 0),
            .. BitConverter.GetBytes(scheduler.Runtime ?? 0),
            .. BitConverter.GetBytes(scheduler.Deadline ?? 0),
            .. BitConverter.GetBytes(scheduler.Period ?? 0),
        ];
    }
}
