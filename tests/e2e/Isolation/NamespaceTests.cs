using CriShim.E2e.Runtime;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>Each kind of namespace, made new, with the host, and by path: what the spec says is where the process is (namespaces(7)).</summary>
public sealed class NamespaceTests : OciBundleTests
{
    private static readonly string[] s_types = ["user", "pid", "mount", "network", "ipc", "uts", "cgroup", "time"];


    public static TheoryData<string> Types() => [.. s_types];

    public static TheoryData<string> TypesWithPath() => [.. s_types.Where(type => type is not "mount")];

    public static TheoryData<string> TypesOfTheHost() => [.. s_types.Where(type => type is not "mount" and not "user")];

    [Theory]
    [MemberData(nameof(Types))]
    public void New_Namespace_IsNotTheHosts(string type)
    {
        Set(type, "");

        Assert.NotEqual(OfProcess("self", type), Inside(type));
    }

    [Theory]
    [MemberData(nameof(TypesOfTheHost))]
    public void Absent_Namespace_IsTheHosts(string type)
    {
        Set(type, null);

        Assert.Equal(OfProcess("self", type), Inside(type));
    }

    /// <summary>Another process's, by its file in procfs; an exec'd process is in the same.</summary>
    [Theory]
    [MemberData(nameof(TypesWithPath))]
    public void Path_OfANamespace_IsJoined(string type)
    {
        using var other = new OciBundle();
        IReadOnlyList<IdMapping> map = [new IdMapping { ContainerID = 0, HostID = 0, Size = 65536 }];
        other.Spec = other.Spec with
        {
            Linux = other.Spec.Linux! with { Namespaces = [.. s_types.Select(item => new NamespaceSpec { Type = item })], UidMappings = map, GidMappings = map },
        };
        other.Start("sleep", "100");
        var holder = PidOf(other);
        Set(type, $"/proc/{holder}/ns/{FileOf(type)}");

        Assert.Equal(OfProcess(holder, type), Inside(type));
    }

    [Fact]
    public void Path_OfNoNamespace_IsAnError()
    {
        Set("network", "/etc/hostname");

        Assert.Contains("not a namespace", Bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Path_OfAnotherKind_IsAnError()
    {
        Set("network", "/proc/self/ns/uts");

        Assert.NotEqual(0, Bundle.RunScript("true").ExitCode);
    }

    [Fact]
    public void Uts_HostAndDomainName_AreTheContainers()
    {
        Bundle.Spec = Bundle.Spec with { Hostname = "inside", Domainname = "example.org" };

        Assert.Equal("inside\nexample.org\n", Bundle.RunScript("hostname; cat /proc/sys/kernel/domainname").Output);
        Assert.NotEqual("inside", Environment.MachineName);
    }

    [Fact]
    public void Time_Offsets_MoveTheContainersClocks()
    {
        Set("time", "");
        SetLinux(linux => linux with { TimeOffsets = new Dictionary<string, TimeOffsetSpec> { ["boottime"] = new() { Secs = 1_000_000 }, ["monotonic"] = new() { Secs = 2_000_000, Nanosecs = 5 } } });

        var output = OciBundle.RequireSuccess(Bundle.RunScript("cat /proc/uptime; cat /proc/self/timens_offsets")).Output.Split('\n');

        var host = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(double.Parse(output[0].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture), host + 999_000, host + 1_001_000);
        Assert.Contains(output, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["monotonic", "2000000", "5"]);
    }

    [Fact]
    public void Time_OfAnExec_IsTheContainers()
    {
        Set("time", "");
        SetLinux(linux => linux with { TimeOffsets = new Dictionary<string, TimeOffsetSpec> { ["boottime"] = new() { Secs = 1_000_000 } } });
        Bundle.Start("sleep", "100");

        Assert.Equal(
            OciBundle.RequireSuccess(Bundle.Run("exec", Bundle.Id, "readlink", "/proc/1/ns/time")).Output,
            OciBundle.RequireSuccess(Bundle.Run("exec", Bundle.Id, "readlink", "/proc/self/ns/time")).Output);
    }

    [Fact]
    public void Pid_OfTheContainer_BeginsWithOneAndShowsNoOther()
    {
        var processes = Bundle.RunScript("echo $$; ls -d /proc/[0-9]*").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["1", "/proc/1"], processes.Where(line => line is "1" or "/proc/1"));
        Assert.True(processes.Length <= 4, string.Join(' ', processes));
    }

    [Fact]
    public void Ipc_QueuesOfTheHost_AreNotSeen()
    {
        var id = Command.Output("ipcmk", "-Q").Split(' ')[^1].Trim();
        try
        {
            Assert.Equal("1\n", Bundle.RunScript("cat /proc/sysvipc/msg | wc -l").Output);
        }
        finally
        {
            Command.Output("ipcrm", "-q", id);
        }
    }

    [Fact]
    public void Network_OfTheContainer_HasLoopbackUpAndNothingElse() =>
        Assert.Equal("lo\n127.0.0.1\n", Bundle.RunScript("ls /sys/class/net; busybox ip -4 -o addr show lo | busybox awk '{print $4}' | busybox cut -d/ -f1").Output);

    private static string FileOf(string type) => type switch { "mount" => "mnt", "network" => "net", _ => type };

    private static string OfProcess(string pid, string type) => new FileInfo($"/proc/{pid}/ns/{FileOf(type)}").LinkTarget!;

    private static string PidOf(OciBundle bundle) => bundle.State().GetProperty("pid").GetInt32().ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Where the program of the container is, and that an exec'd one is there too.</summary>
    private string Inside(string type)
    {
        Bundle.Start("sleep", "100");
        var init = OfProcess(PidOf(Bundle), type);
        Assert.Equal(init, OciBundle.RequireSuccess(Bundle.Run("exec", Bundle.Id, "readlink", $"/proc/self/ns/{FileOf(type)}")).Output.Trim());
        return init;
    }

    /// <summary>Null: no such namespace in the spec, hence the host's. What cannot go without it is taken out of the spec.</summary>
    private void Set(string type, string? path)
    {
        var others = Bundle.Spec.Linux!.Namespaces!.Where(item => item.Type != type);
        IReadOnlyList<IdMapping> map = [new IdMapping { ContainerID = 0, HostID = 0, Size = 65536 }];
        SetLinux(linux => linux with
        {
            Namespaces = path is null ? [.. others] : [.. others, new NamespaceSpec { Type = type, Path = path }],
            UidMappings = type == "user" && path == "" ? map : null,
            GidMappings = type == "user" && path == "" ? map : null,
        });
        Bundle.Spec = Bundle.Spec with { Hostname = type == "uts" && path != "" ? null : Bundle.Spec.Hostname };
    }

    private void SetLinux(Func<LinuxSpec, LinuxSpec> change) => Bundle.Spec = Bundle.Spec with { Linux = change(Bundle.Spec.Linux!) };
}
