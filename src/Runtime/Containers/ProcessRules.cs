using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Security;
using static CriShim.Runtime.Containers.SpecValidator;

namespace CriShim.Runtime.Containers;

/// <summary>What makes a process impossible; as <see cref="SpecValidator"/>.</summary>
internal static class ProcessRules
{
    private const int MaxOomScore = 1000;
    private const uint MaxUmask = 0b111_111_111;

    public static void Check(ProcessSpec process)
    {
        Require(process.Args is { Count: > 0 } && process.Args[0].Length > 0, "process.args", "is empty");
        Require(process.Args!.All(argument => !argument.Contains('\0')), "process.args", "contains a zero byte");
        Require(process.Env?.All(variable => !variable.Contains((byte)0)) ?? true, "process.env", "contains a zero byte");
        Require(process.Cwd.StartsWith('/'), "process.cwd", $"\"{process.Cwd}\" is not an absolute path");
        Require(process.User.Umask is null or <= MaxUmask, "process.user.umask", "has more than permission bits");
        Require(process.OomScoreAdj is null or (>= -MaxOomScore and <= MaxOomScore), "process.oomScoreAdj", $"must be from -{MaxOomScore} to {MaxOomScore}");
        ProcessLabels.Require(process, new SecurityModules());
        CheckRlimits(process);
        CheckAffinity(process.ExecCpuAffinity);
        CheckIoPriority(process.IoPriority);
        CheckScheduler(process.Scheduler);
    }

    private static void CheckRlimits(ProcessSpec process)
    {
        var seen = new HashSet<string>();
        foreach (var limit in process.Rlimits ?? [])
        {
            Require(Rlimits.Find(limit.Type) >= 0, "process.rlimits", $"\"{limit.Type}\" is not a limit");
            Require(seen.Add(limit.Type), "process.rlimits", $"{limit.Type} is given twice");
            Require(limit.Soft <= limit.Hard, "process.rlimits", $"{limit.Type}: soft is above hard");
        }
    }

    private static void CheckAffinity(ExecCpuAffinitySpec? affinity)
    {
        foreach (var (member, cpus) in new[] { ("initial", affinity?.Initial), ("final", affinity?.Final) })
        {
            Require(string.IsNullOrEmpty(cpus) || NumberList.ToMask(cpus) is not null, $"process.execCPUAffinity.{member}", $"\"{cpus}\" is not a list of CPUs");
        }
    }

    private static void CheckIoPriority(IoPrioritySpec? priority)
    {
        Require(priority is null || Scheduling.IsIoClass(priority.Class), "process.ioPriority.class", $"\"{priority?.Class}\" is unknown");
        Require(priority is null or { Priority: >= 0 and <= 7 }, "process.ioPriority.priority", "must be from 0 to 7");
    }

    /// <summary>sched(7): each policy has its own parameters, and the kernel passes over those of others.</summary>
    private static void CheckScheduler(SchedulerSpec? scheduler)
    {
        if (scheduler is null)
        {
            return;
        }

        var policy = scheduler.Policy;
        Require(Scheduling.IsPolicy(policy), "process.scheduler.policy", $"\"{policy}\" is unknown");
        Require(scheduler.Flags?.All(Scheduling.IsFlag) ?? true, "process.scheduler.flags", "has an unknown flag");
        var isRealTime = policy is "SCHED_FIFO" or "SCHED_RR";
        var isDeadline = policy is "SCHED_DEADLINE";
        Require(scheduler.Nice is null or (>= -20 and <= 19), "process.scheduler.nice", "must be from -20 to 19");
        Require(scheduler.Nice is null or 0 || policy is "SCHED_OTHER" or "SCHED_BATCH", "process.scheduler.nice", $"is not a parameter of {policy}");
        Require(isRealTime ? scheduler.Priority is >= 1 and <= 99 : scheduler.Priority is null or 0, "process.scheduler.priority", $"is not one of {policy}");
        var (runtime, deadline, period) = (scheduler.Runtime ?? 0, scheduler.Deadline ?? 0, scheduler.Period ?? 0);
        Require(isDeadline || (runtime, deadline, period) == (0, 0, 0), "process.scheduler.runtime", $"deadline and period are not parameters of {policy}");
        Require(!isDeadline || (runtime > 0 && runtime <= deadline && (period == 0 || deadline <= period)), "process.scheduler.runtime", "must be above 0 and at most deadline, which must be at most period");
    }
}
