using System.Text.Json;

namespace CriShim.Oci.RuntimeSpec;

/// <summary>
/// Reads a <see cref="Spec"/> without the serializer: a runtime process lives for milliseconds, and the serializer's metadata takes 4.5 ms
/// to come up where this takes 0.3. Unknown members are passed over, as the specification asks. Errors: <see cref="JsonException"/>.
/// </summary>
public static class SpecReader
{
    /// <summary>Longest document read.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 32 };

    public static Spec Read(ReadOnlyMemory<byte> json)
    {
        using var document = Parse(json);
        return ReadSpec(document.RootElement);
    }

    /// <summary>A process.json of `exec --process`.</summary>
    public static ProcessSpec ReadProcess(ReadOnlyMemory<byte> json)
    {
        using var document = Parse(json);
        return ReadProcess(document.RootElement);
    }

    /// <summary>A resources document of `update --resources`.</summary>
    public static ResourcesSpec ReadResources(ReadOnlyMemory<byte> json)
    {
        using var document = Parse(json);
        return ResourcesSpecReader.Read(document.RootElement);
    }

    public static Spec ReadSpec(JsonElement e) => new()
    {
        OciVersion = e.Text("ociVersion") ?? Spec.CurrentVersion,
        Process = e.Object("process", ReadProcess),
        Root = e.Object("root", root => new RootSpec { Path = root.Text("path") ?? "rootfs", Readonly = root.Bool("readonly") ?? false }),
        Hostname = e.Text("hostname"),
        Domainname = e.Text("domainname"),
        Mounts = e.List("mounts", ReadMount),
        Hooks = e.Object("hooks", ReadHooks),
        Annotations = e.TextMap("annotations"),
        Linux = e.Object("linux", LinuxSpecReader.Read),
    };

    public static ProcessSpec ReadProcess(JsonElement e) => new()
    {
        Terminal = e.Bool("terminal") ?? false,
        ConsoleSize = e.Object("consoleSize", size => new ConsoleSize { Height = size.UInt("height") ?? 0, Width = size.UInt("width") ?? 0 }),
        User = e.Object("user", ReadUser) ?? new UserSpec(),
        Args = e.Texts("args"),
        Env = e.ByteStrings("env"),
        Cwd = e.Text("cwd") ?? "/",
        Capabilities = e.Object("capabilities", ReadCapabilities),
        Rlimits = e.List("rlimits", ReadRlimit),
        NoNewPrivileges = e.Bool("noNewPrivileges") ?? false,
        ApparmorProfile = e.Text("apparmorProfile"),
        OomScoreAdj = e.Int("oomScoreAdj"),
        SelinuxLabel = e.Text("selinuxLabel"),
        IoPriority = e.Object("ioPriority", io => new IoPrioritySpec { Class = io.RequiredText("class"), Priority = io.Int("priority") ?? 0 }),
        Scheduler = e.Object("scheduler", ReadScheduler),
        ExecCpuAffinity = e.Object("execCPUAffinity", cpus => new ExecCpuAffinitySpec { Initial = cpus.Text("initial"), Final = cpus.Text("final") }),
    };

    internal static IdMapping ReadIdMapping(JsonElement e) => new()
    {
        ContainerID = e.UInt("containerID") ?? 0,
        HostID = e.UInt("hostID") ?? 0,
        Size = e.UInt("size") ?? 0,
    };

    private static JsonDocument Parse(ReadOnlyMemory<byte> json) =>
        json.Length <= MaxBytes ? JsonDocument.Parse(json, s_options) : throw new JsonException($"longer than {MaxBytes} bytes");

    private static UserSpec ReadUser(JsonElement e) => new()
    {
        Uid = e.UInt("uid") ?? 0,
        Gid = e.UInt("gid") ?? 0,
        Umask = e.UInt("umask"),
        AdditionalGids = e.UInts("additionalGids"),
    };

    private static CapabilitiesSpec ReadCapabilities(JsonElement e) => new()
    {
        Bounding = e.Texts("bounding"),
        Effective = e.Texts("effective"),
        Inheritable = e.Texts("inheritable"),
        Permitted = e.Texts("permitted"),
        Ambient = e.Texts("ambient"),
    };

    private static RlimitSpec ReadRlimit(JsonElement e) => new()
    {
        Type = e.RequiredText("type"),
        Hard = e.ULong("hard") ?? 0,
        Soft = e.ULong("soft") ?? 0,
    };

    private static SchedulerSpec ReadScheduler(JsonElement e) => new()
    {
        Policy = e.RequiredText("policy"),
        Nice = e.Int("nice"),
        Priority = e.Int("priority"),
        Flags = e.Texts("flags"),
        Runtime = e.ULong("runtime"),
        Deadline = e.ULong("deadline"),
        Period = e.ULong("period"),
    };

    private static MountSpec ReadMount(JsonElement e) => new()
    {
        Destination = e.RequiredText("destination"),
        Type = e.Text("type"),
        Source = e.Text("source"),
        Options = e.Texts("options"),
        UidMappings = e.List("uidMappings", ReadIdMapping),
        GidMappings = e.List("gidMappings", ReadIdMapping),
    };

    private static HooksSpec ReadHooks(JsonElement e) => new()
    {
        Prestart = e.List("prestart", ReadHook),
        CreateRuntime = e.List("createRuntime", ReadHook),
        CreateContainer = e.List("createContainer", ReadHook),
        StartContainer = e.List("startContainer", ReadHook),
        Poststart = e.List("poststart", ReadHook),
        Poststop = e.List("poststop", ReadHook),
    };

    private static HookSpec ReadHook(JsonElement e) => new()
    {
        Path = e.RequiredText("path"),
        Args = e.Texts("args"),
        Env = e.Texts("env"),
        Timeout = e.Int("timeout"),
    };
}
