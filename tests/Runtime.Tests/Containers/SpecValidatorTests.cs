using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Commands;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Tests.Containers;

public sealed class SpecValidatorTests
{
    private static readonly Spec s_good = DefaultSpec.Build();

    [Fact]
    public void Validate_DefaultSpec_Passes() => SpecValidator.Validate(s_good);

    public static TheoryData<string, Spec> Bad() => new()
    {
        { "process is missing", s_good with { Process = null } },
        { "root is missing", s_good with { Root = null } },
        { "linux is missing", s_good with { Linux = null } },
        { "process.args", s_good with { Process = s_good.Process! with { Args = [] } } },
        { "process.args", s_good with { Process = s_good.Process! with { Args = ["a\0b"] } } },
        { "process.env", s_good with { Process = s_good.Process! with { Env = ["a\0b"u8.ToArray()] } } },
        { "process.cwd", s_good with { Process = s_good.Process! with { Cwd = "relative" } } },
        { "process.oomScoreAdj", WithProcess(process => process with { OomScoreAdj = 1001 }) },
        { "process.user.umask", WithProcess(process => process with { User = new UserSpec { Umask = 0x200 } }) },
        { "execCPUAffinity.initial", WithProcess(process => process with { ExecCpuAffinity = new ExecCpuAffinitySpec { Initial = "0-x" } }) },
        { "execCPUAffinity.final", WithProcess(process => process with { ExecCpuAffinity = new ExecCpuAffinitySpec { Final = "3-1" } }) },
        { "ioPriority.class", WithProcess(process => process with { IoPriority = new IoPrioritySpec { Class = "IOPRIO_CLASS_X" } }) },
        { "ioPriority.priority", WithProcess(process => process with { IoPriority = new IoPrioritySpec { Class = "IOPRIO_CLASS_BE", Priority = 8 } }) },
        { "scheduler.policy", WithScheduler(new SchedulerSpec { Policy = "SCHED_X" }) },
        { "scheduler.flags", WithScheduler(new SchedulerSpec { Policy = "SCHED_OTHER", Flags = ["SCHED_FLAG_X"] }) },
        { "scheduler.nice", WithScheduler(new SchedulerSpec { Policy = "SCHED_OTHER", Nice = 20 }) },
        { "scheduler.nice", WithScheduler(new SchedulerSpec { Policy = "SCHED_FIFO", Nice = 1, Priority = 1 }) },
        { "scheduler.priority", WithScheduler(new SchedulerSpec { Policy = "SCHED_FIFO" }) },
        { "scheduler.priority", WithScheduler(new SchedulerSpec { Policy = "SCHED_OTHER", Priority = 1 }) },
        { "scheduler.runtime", WithScheduler(new SchedulerSpec { Policy = "SCHED_OTHER", Runtime = 1 }) },
        { "scheduler.runtime", WithScheduler(new SchedulerSpec { Policy = "SCHED_DEADLINE", Runtime = 2, Deadline = 1 }) },
        { "personality.domain", WithLinux(linux => linux with { Personality = new PersonalitySpec { Domain = "BSD" } }) },
        { "linux.rootfsPropagation", WithLinux(linux => linux with { RootfsPropagation = "nonsense" }) },
        { "personality.flags", WithLinux(linux => linux with { Personality = new PersonalitySpec { Domain = "LINUX", Flags = ["X"] } }) },
        { "memoryPolicy.mode", WithLinux(linux => linux with { MemoryPolicy = new MemoryPolicySpec { Mode = "MPOL_X" } }) },
        { "memoryPolicy.flags", WithLinux(linux => linux with { MemoryPolicy = new MemoryPolicySpec { Mode = "MPOL_DEFAULT", Flags = ["X"] } }) },
        { "memoryPolicy.nodes", WithLinux(linux => linux with { MemoryPolicy = new MemoryPolicySpec { Mode = "MPOL_BIND" } }) },
        { "memoryPolicy.nodes", WithLinux(linux => linux with { MemoryPolicy = new MemoryPolicySpec { Mode = "MPOL_LOCAL", Nodes = "0" } }) },
        { "memoryPolicy.nodes", WithLinux(linux => linux with { MemoryPolicy = new MemoryPolicySpec { Mode = "MPOL_BIND", Nodes = "a" } }) },
        { "timeOffsets", WithLinux(linux => linux with { TimeOffsets = new Dictionary<string, TimeOffsetSpec> { ["monotonic"] = new() { Secs = 1 } } }) },
        { "netDevices", WithLinux(linux => linux with { NetDevices = new Dictionary<string, NetDeviceSpec> { ["a/b"] = new() } }) },
        { "netDevices", WithLinux(linux => linux with { NetDevices = new Dictionary<string, NetDeviceSpec> { ["a"] = new() { Name = "x" }, ["b"] = new() { Name = "x" } } }) },
        { "intelRdt.closID", WithLinux(linux => linux with { IntelRdt = new IntelRdtSpec { ClosId = "../tasks" } }) },
        { "intelRdt.closID", WithLinux(linux => linux with { IntelRdt = new IntelRdtSpec { ClosId = "info" } }) },
        { "intelRdt.l3CacheSchema", WithLinux(linux => linux with { IntelRdt = new IntelRdtSpec { L3CacheSchema = "7ff" } }) },
        { "intelRdt.memBwSchema", WithLinux(linux => linux with { IntelRdt = new IntelRdtSpec { MemBwSchema = "L3:0=1" } }) },
        { "intelRdt.memBwSchema", WithLinux(linux => linux with { IntelRdt = new IntelRdtSpec { MemBwSchema = "MB:0=1\nL3:0=1" } }) },
        { "intelRdt.schemata", WithLinux(linux => linux with { IntelRdt = new IntelRdtSpec { Schemata = ["L3:0=1\nMB:0=1"] } }) },
        { "domainname", s_good with { Domainname = new string('d', 65) } },
        { "RLIMIT_X", s_good with { Process = s_good.Process! with { Rlimits = [new RlimitSpec { Type = "RLIMIT_X" }] } } },
        { "soft", s_good with { Process = s_good.Process! with { Rlimits = [new RlimitSpec { Type = "RLIMIT_CPU", Soft = 2, Hard = 1 }] } } },
        { "hooks.path", s_good with { Hooks = new HooksSpec { Poststop = [new HookSpec { Path = "relative" }] } } },
        { "hooks.timeout", s_good with { Hooks = new HooksSpec { Prestart = [new HookSpec { Path = "/bin/true", Timeout = 0 }] } } },
        { "twice", WithNamespaces("mount", "pid", "pid") },
        { "unknown type", WithNamespaces("mount", "nonsense") },
        { "hostname", WithNamespaces("mount") },
        { "uidMappings", WithNamespaces("mount", "uts", "user") },
        { "sysctl", s_good with { Linux = s_good.Linux! with { Sysctl = new Dictionary<string, string> { ["kernel.panic"] = "1" } } } },
        { "absolute", s_good with { Linux = s_good.Linux! with { MaskedPaths = ["proc/x"] } } },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Validate_ImpossibleSpec_NamesTheMember(string named, Spec spec)
    {
        var error = Assert.Throws<RuntimeException>(() => SpecValidator.Validate(spec));

        Assert.Equal(RuntimeErrorKind.InvalidArgument, error.Error.Kind);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    private static Spec WithNamespaces(params string[] types) =>
        s_good with { Linux = s_good.Linux! with { Namespaces = [.. types.Select(type => new NamespaceSpec { Type = type })] } };

    private static Spec WithProcess(Func<ProcessSpec, ProcessSpec> change) => s_good with { Process = change(s_good.Process!) };

    private static Spec WithScheduler(SchedulerSpec scheduler) => WithProcess(process => process with { Scheduler = scheduler });

    private static Spec WithLinux(Func<LinuxSpec, LinuxSpec> change) => s_good with { Linux = change(s_good.Linux!) };
}
