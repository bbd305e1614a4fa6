using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>
/// Every limit of getrlimit(2) with a value of its own: what this server was started with is its administrator's affair and must not reach
/// a container. The values are the kernel's own for a first process, but for descriptors, which are configured, and core files, which are
/// not held back here. The runtime lowers what it may not raise.
/// </summary>
internal static class SpecRlimits
{
    private const ulong Infinity = ulong.MaxValue;
    private const ulong Stack = 8 << 20;
    private const ulong LockedMemory = 8 << 20;
    private const ulong MessageQueues = 819_200;

    private static readonly string[] s_unlimited =
    [
        "RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS", "RLIMIT_NPROC", "RLIMIT_RSS", "RLIMIT_RTTIME",
    ];

    public static IReadOnlyList<RlimitSpec> Build(ContainerSpecInputs inputs)
    {
        var files = Math.Min(inputs.Options.OpenFilesHardLimit, inputs.Host.OpenFilesHardLimit);
        return
        [
            .. s_unlimited.Select(type => Limit(type, Infinity, Infinity)),
            Limit("RLIMIT_MEMLOCK", LockedMemory, LockedMemory),
            Limit("RLIMIT_MSGQUEUE", MessageQueues, MessageQueues),
            Limit("RLIMIT_NICE", 0, 0),
            Limit("RLIMIT_NOFILE", Math.Min(inputs.Options.OpenFilesSoftLimit, files), files),
            Limit("RLIMIT_RTPRIO", 0, 0),
            Limit("RLIMIT_SIGPENDING", inputs.Host.PendingSignals, inputs.Host.PendingSignals),
            Limit("RLIMIT_STACK", Stack, Infinity),
        ];
    }

    private static RlimitSpec Limit(string type, ulong soft, ulong hard) => new() { Type = type, Soft = soft, Hard = hard };
}
