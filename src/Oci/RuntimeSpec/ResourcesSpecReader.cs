using System.Text.Json;

namespace CriShim.Oci.RuntimeSpec;

/// <summary>The `linux.resources` part of <see cref="SpecReader"/>.</summary>
internal static class ResourcesSpecReader
{
    public static ResourcesSpec Read(JsonElement e) => new()
    {
        Devices = e.List("devices", ReadDeviceRule),
        Memory = e.Object("memory", ReadMemory),
        Cpu = e.Object("cpu", ReadCpu),
        Pids = e.Object("pids", pids => new PidsSpec { Limit = pids.Long("limit") ?? 0 }),
        BlockIO = e.Object("blockIO", ReadBlockIo),
        HugepageLimits = e.List(
            "hugepageLimits", item => new HugepageLimitSpec { PageSize = item.RequiredText("pageSize"), Limit = item.ULong("limit") ?? 0 }),
        Network = e.Object("network", ReadNetwork),
        Rdma = e.Map("rdma", item => new RdmaSpec { HcaHandles = item.UInt("hcaHandles"), HcaObjects = item.UInt("hcaObjects") }),
        Unified = e.TextMap("unified"),
    };

    private static DeviceRuleSpec ReadDeviceRule(JsonElement e) => new()
    {
        Allow = e.Bool("allow") ?? false,
        Type = e.Text("type"),
        Major = e.Long("major"),
        Minor = e.Long("minor"),
        Access = e.Text("access"),
    };

    private static MemorySpec ReadMemory(JsonElement e) => new()
    {
        Limit = e.Long("limit"),
        Reservation = e.Long("reservation"),
        Swap = e.Long("swap"),
        Kernel = e.Long("kernel"),
        KernelTCP = e.Long("kernelTCP"),
        Swappiness = e.ULong("swappiness"),
        DisableOOMKiller = e.Bool("disableOOMKiller"),
        UseHierarchy = e.Bool("useHierarchy"),
        CheckBeforeUpdate = e.Bool("checkBeforeUpdate"),
    };

    private static CpuSpec ReadCpu(JsonElement e) => new()
    {
        Shares = e.ULong("shares"),
        Quota = e.Long("quota"),
        Burst = e.ULong("burst"),
        Period = e.ULong("period"),
        RealtimeRuntime = e.Long("realtimeRuntime"),
        RealtimePeriod = e.ULong("realtimePeriod"),
        Cpus = e.Text("cpus"),
        Mems = e.Text("mems"),
        Idle = e.Long("idle"),
    };

    private static BlockIoSpec ReadBlockIo(JsonElement e) => new()
    {
        Weight = e.UShort("weight"),
        LeafWeight = e.UShort("leafWeight"),
        WeightDevice = e.List("weightDevice", ReadWeight),
        ThrottleReadBpsDevice = e.List("throttleReadBpsDevice", ReadThrottle),
        ThrottleWriteBpsDevice = e.List("throttleWriteBpsDevice", ReadThrottle),
        ThrottleReadIopsDevice = e.List("throttleReadIOPSDevice", ReadThrottle),
        ThrottleWriteIopsDevice = e.List("throttleWriteIOPSDevice", ReadThrottle),
    };

    private static WeightDeviceSpec ReadWeight(JsonElement e) => new()
    {
        Major = e.Long("major") ?? 0,
        Minor = e.Long("minor") ?? 0,
        Weight = e.UShort("weight"),
        LeafWeight = e.UShort("leafWeight"),
    };

    private static ThrottleDeviceSpec ReadThrottle(JsonElement e) => new()
    {
        Major = e.Long("major") ?? 0,
        Minor = e.Long("minor") ?? 0,
        Rate = e.ULong("rate") ?? 0,
    };

    private static NetworkSpec ReadNetwork(JsonElement e) => new()
    {
        ClassID = e.UInt("classID"),
        Priorities = e.List(
            "priorities", item => new InterfacePrioritySpec { Name = item.RequiredText("name"), Priority = item.UInt("priority") ?? 0 }),
    };
}
