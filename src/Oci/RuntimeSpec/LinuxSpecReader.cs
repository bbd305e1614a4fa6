using System.Text.Json;

namespace CriShim.Oci.RuntimeSpec;

/// <summary>The `linux` part of <see cref="SpecReader"/>.</summary>
internal static class LinuxSpecReader
{
    public static LinuxSpec Read(JsonElement e) => new()
    {
        Namespaces = e.List("namespaces", item => new NamespaceSpec { Type = item.RequiredText("type"), Path = item.Text("path") }),
        UidMappings = e.List("uidMappings", SpecReader.ReadIdMapping),
        GidMappings = e.List("gidMappings", SpecReader.ReadIdMapping),
        TimeOffsets = e.Map("timeOffsets", item => new TimeOffsetSpec { Secs = item.Long("secs") ?? 0, Nanosecs = item.UInt("nanosecs") ?? 0 }),
        Devices = e.List("devices", ReadDevice),
        CgroupsPath = e.Text("cgroupsPath"),
        Resources = e.Object("resources", ResourcesSpecReader.Read),
        RootfsPropagation = e.Text("rootfsPropagation"),
        Seccomp = e.Object("seccomp", ReadSeccomp),
        Sysctl = e.TextMap("sysctl"),
        MaskedPaths = e.Texts("maskedPaths"),
        ReadonlyPaths = e.Texts("readonlyPaths"),
        MountLabel = e.Text("mountLabel"),
        IntelRdt = e.Object("intelRdt", ReadIntelRdt),
        Personality = e.Object("personality", item => new PersonalitySpec { Domain = item.RequiredText("domain"), Flags = item.Texts("flags") }),
        MemoryPolicy = e.Object("memoryPolicy", ReadMemoryPolicy),
        NetDevices = e.Map("netDevices", item => new NetDeviceSpec { Name = item.Text("name") }),
    };

    private static MemoryPolicySpec ReadMemoryPolicy(JsonElement e) => new()
    {
        Mode = e.RequiredText("mode"),
        Nodes = e.Text("nodes"),
        Flags = e.Texts("flags"),
    };

    private static IntelRdtSpec ReadIntelRdt(JsonElement e) => new()
    {
        ClosId = e.Text("closID"),
        L3CacheSchema = e.Text("l3CacheSchema"),
        MemBwSchema = e.Text("memBwSchema"),
        Schemata = e.Texts("schemata"),
        EnableMonitoring = e.Bool("enableMonitoring"),
        EnableCmt = e.Bool("enableCMT"),
        EnableMbm = e.Bool("enableMBM"),
    };

    private static DeviceSpec ReadDevice(JsonElement e) => new()
    {
        Path = e.RequiredText("path"),
        Type = e.RequiredText("type"),
        Major = e.Long("major") ?? 0,
        Minor = e.Long("minor") ?? 0,
        FileMode = e.UInt("fileMode"),
        Uid = e.UInt("uid"),
        Gid = e.UInt("gid"),
    };

    private static SeccompSpec ReadSeccomp(JsonElement e) => new()
    {
        DefaultAction = e.RequiredText("defaultAction"),
        DefaultErrnoRet = e.UInt("defaultErrnoRet"),
        Architectures = e.Texts("architectures"),
        Flags = e.Texts("flags"),
        ListenerPath = e.Text("listenerPath"),
        ListenerMetadata = e.Text("listenerMetadata"),
        Syscalls = e.List("syscalls", ReadSeccompSyscall),
    };

    private static SeccompSyscallSpec ReadSeccompSyscall(JsonElement e) => new()
    {
        Names = e.Texts("names") ?? throw new JsonException("\"names\" is missing"),
        Action = e.RequiredText("action"),
        ErrnoRet = e.UInt("errnoRet"),
        Args = e.List("args", ReadSeccompArgument),
    };

    private static SeccompArgSpec ReadSeccompArgument(JsonElement e) => new()
    {
        Index = e.UInt("index") ?? 0,
        Value = e.ULong("value") ?? 0,
        ValueTwo = e.ULong("valueTwo") ?? 0,
        Op = e.RequiredText("op"),
    };
}
