using System.Globalization;
using System.Text.Json;
using CriShim.Cgroups.Resctrl;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Commands;

/// <summary>Changes a container's limits, by flags or by a resources document; a flag wins over the document. Of the cgroup's all or none.</summary>
internal static class UpdateCommand
{
    private const int MaxDocumentBytes = 1 << 20;

    private static readonly string[] s_options =
    [
        "resources,r", "blkio-weight", "cpu-period", "cpu-quota", "cpu-burst", "cpu-share", "cpu-rt-period", "cpu-rt-runtime", "cpuset-cpus",
        "cpuset-mems", "cpu-idle", "memory", "memory-reservation", "memory-swap", "pids-limit", "kernel-memory", "kernel-memory-tcp",
        "l3-cache-schema", "mem-bw-schema",
    ];

    public static int Run(CommandContext context)
    {
        var line = CommandLine.Parse(context.Words, [], s_options);
        var id = line.Require(1, 1, "update [flags] container-id")[0];
        var state = context.Store.Load(id);
        if (context.Store.StatusOf(state) == "stopped")
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"cannot update container {id}: it is stopped");
        }

        var (l3, bandwidth) = (line.Get("l3-cache-schema"), line.Get("mem-bw-schema"));
        if ((l3 ?? bandwidth) is not null)
        {
            UpdateResctrl(context.Store.LoadSpec(id).Spec.Linux?.IntelRdt, id, l3, bandwidth);
        }

        ContainerCgroup.Open(state).Update(WithFlags(ReadDocument(line.Get("resources")), line));
        return 0;
    }

    private static void UpdateResctrl(IntelRdtSpec? spec, string id, string? l3, string? bandwidth)
    {
        var changed = (spec ?? throw CommandLine.Wrong($"cannot update container {id}: it was made without linux.intelRdt")) with
        {
            L3CacheSchema = l3,
            MemBwSchema = bandwidth,
            Schemata = null,
        };
        ResctrlRules.Check(changed);
        ResctrlGroup.Find(id, changed)?.Update();
    }

    /// <summary>"-" is standard input.</summary>
    private static ResourcesSpec ReadDocument(string? path)
    {
        if (path is null)
        {
            return new ResourcesSpec();
        }

        using var file = path == "-" ? new SafeFileHandle(0, ownsHandle: false) : Fd.Open(path, O_RDONLY);
        try
        {
            // Device rules of a running container stay.
            return SpecReader.ReadResources(Fd.ReadAll(file, MaxDocumentBytes)) with { Devices = null };
        }
        catch (JsonException e)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to read resources: {e.Message}", e);
        }
    }

    private static ResourcesSpec WithFlags(ResourcesSpec given, CommandLine line) => given with
    {
        Cpu = WithFlags(given.Cpu ?? new CpuSpec(), line),
        Memory = WithFlags(given.Memory ?? new MemorySpec(), line),
        Pids = Number(line, "pids-limit") is { } pids ? new PidsSpec { Limit = pids } : given.Pids,
        BlockIO = Count(line, "blkio-weight") is { } weight ? (given.BlockIO ?? new BlockIoSpec()) with { Weight = (ushort)weight } : given.BlockIO,
    };

    private static CpuSpec WithFlags(CpuSpec given, CommandLine line) => given with
    {
        Shares = Count(line, "cpu-share") ?? given.Shares,
        Period = Count(line, "cpu-period") ?? given.Period,
        Quota = Number(line, "cpu-quota") ?? given.Quota,
        Burst = Count(line, "cpu-burst") ?? given.Burst,
        RealtimePeriod = Count(line, "cpu-rt-period") ?? given.RealtimePeriod,
        RealtimeRuntime = Number(line, "cpu-rt-runtime") ?? given.RealtimeRuntime,
        Idle = Number(line, "cpu-idle") ?? given.Idle,
        Cpus = line.Get("cpuset-cpus") ?? given.Cpus,
        Mems = line.Get("cpuset-mems") ?? given.Mems,
    };

    private static MemorySpec WithFlags(MemorySpec given, CommandLine line) => given with
    {
        Limit = Bytes(line, "memory") ?? given.Limit,
        Reservation = Bytes(line, "memory-reservation") ?? given.Reservation,
        Swap = Bytes(line, "memory-swap") ?? given.Swap,
    };

    private static long? Number(CommandLine line, string name) => line.Get(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Invalid(name, text);

    private static ulong? Count(CommandLine line, string name) => Number(line, name) is not { } number ? null
        : number >= 0 ? (ulong)number : throw Invalid(name, line.Get(name)!);

    private static long? Bytes(CommandLine line, string name) => line.Get(name) is not { } text ? null
        : ByteSize.TryParse(text, out var bytes) ? bytes
        : throw Invalid(name, text);

    private static RuntimeException Invalid(string name, string text) => CommandLine.Wrong($"invalid value \"{text}\" for flag --{name}");
}
