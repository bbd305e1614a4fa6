using CriShim.Cgroups;
using CriShim.E2e.Fixtures;
using CriShim.E2e.Runtime;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Cgroups;

/// <summary>A container with limits that runs a script, which reads its own control files by <c>cg V1-PATH V2-FILE</c>.</summary>
internal sealed class ControlledBundle : IDisposable
{
    private const string Prelude =
        """
        cg() { if [ -e /sys/fs/cgroup/cgroup.controllers ]; then cat /sys/fs/cgroup/$2; else cat /sys/fs/cgroup/$1; fi; }

        """;

    private readonly OciBundle _bundle = new();

    public ControlledBundle(ResourcesSpec resources, params string[] applets)
    {
        foreach (var applet in (string[])["dd", "tail", "timeout", "nproc", "mknod", "fallocate", "cut", "date", .. applets])
        {
            File.CreateSymbolicLink(_bundle.Rootfs("bin", applet), "busybox");
        }

        Directory.CreateDirectory(_bundle.Rootfs("disk"));
        _bundle.Spec = _bundle.Spec with
        {
            Root = _bundle.Spec.Root! with { Readonly = false },
            Linux = _bundle.Spec.Linux! with { Resources = resources },
        };
    }

    /// <summary>True where the controllers are those of cgroup v2.</summary>
    public static bool IsV2 => !V1FactAttribute.HasV1;

    public OciBundle Bundle => _bundle;

    public CommandResult Run(string script) => _bundle.RunScript(Prelude + script);

    /// <summary>What its cgroup has used.</summary>
    public long CpuNanoseconds() =>
        (long)CgroupManagerFactory.FromProc().Open(_bundle.CgroupsPath).Stats(StatsParts.Cpu).Cpu!.UsageNanoseconds;

    /// <summary>What it has read of a disk.</summary>
    public long ReadBytes(long major, long minor) => (long?)CgroupManagerFactory.FromProc().Open(_bundle.CgroupsPath).Stats(StatsParts.Io)
        .Io.SingleOrDefault(disk => disk.Major == major && disk.Minor == minor)?.ReadBytes ?? 0;

    public void AddMount(MountSpec mount) => _bundle.Spec = _bundle.Spec with { Mounts = [.. _bundle.Spec.Mounts!, mount] };

    /// <summary>What a script that must succeed writes.</summary>
    public string Output(string script) => OciBundle.RequireSuccess(Run(script)).Output.TrimEnd();

    public void Dispose() => _bundle.Dispose();
}
