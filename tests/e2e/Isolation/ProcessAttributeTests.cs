using CriShim.E2e.Runtime;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>Attributes of a process: what the spec says is what the process finds, the container's own and those that join it.</summary>
public sealed class ProcessAttributeTests : OciBundleTests
{
    [Fact]
    public void Personality_Linux32_IsThirtyTwoBits()
    {
        SetLinux(linux => linux with { Personality = new PersonalitySpec { Domain = "LINUX32" } });

        Assert.Equal("i686\ni686\n", RunAndExec("busybox uname -m"));
    }

    /// <summary>proc_pid_stat(5): field 19 is the nice value, 41 the policy.</summary>
    [Theory]
    [InlineData("SCHED_BATCH", 7, "7 3")]
    [InlineData("SCHED_OTHER", 5, "5 0")]
    [InlineData("SCHED_IDLE", 0, "0 5")]
    public void Scheduler_PolicyAndNice_AreThose(string policy, int nice, string expected)
    {
        SetProcess(process => process with { Scheduler = new SchedulerSpec { Policy = policy, Nice = nice } });

        Assert.Equal(expected + "\n" + expected + "\n", RunAndExec("set -- $(cat /proc/self/stat); echo ${19} ${41}"));
    }

    [Fact]
    public void IoPriority_Class_IsThat()
    {
        SetProcess(process => process with { IoPriority = new IoPrioritySpec { Class = "IOPRIO_CLASS_IDLE", Priority = 0 } });

        Assert.Equal("idle\nidle\n", RunAndExec("busybox ionice"));
    }

    [Fact]
    public void OomScore_OfTheSpec_IsThat()
    {
        SetProcess(process => process with { OomScoreAdj = 789 });

        Assert.Equal("789\n789\n", RunAndExec("cat /proc/self/oom_score_adj"));
    }

    [Fact]
    public void Affinity_OfAnExec_IsFinalForItAlone()
    {
        SetProcess(process => process with { ExecCpuAffinity = new ExecCpuAffinitySpec { Initial = "0", Final = "0" } });
        var all = Command.Output("grep", "Cpus_allowed_list", "/proc/self/status").Trim();

        var lines = RunAndExec("grep Cpus_allowed_list /proc/self/status").Split('\n');

        Assert.Equal(all, lines[0]);
        Assert.Equal("Cpus_allowed_list:\t0", lines[1]);
    }

    [Fact]
    public void Affinity_OfACpuThatIsNotThere_FailsTheExec()
    {
        SetProcess(process => process with { ExecCpuAffinity = new ExecCpuAffinitySpec { Final = "4000" } });
        Bundle.Start("sleep", "100");

        Assert.Contains("CPU affinity", Bundle.Run("exec", Bundle.Id, "true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void MemoryPolicy_Preferred_IsSeenInNumaMapsOrNamedWhereTheKernelHasNone()
    {
        SetLinux(linux => linux with { MemoryPolicy = new MemoryPolicySpec { Mode = "MPOL_PREFERRED", Nodes = "0" } });

        var result = Bundle.RunScript("busybox head -1 /proc/self/numa_maps");

        Assert.True(result.Output.Contains("prefer", StringComparison.Ordinal) || result.Error.Contains("linux.memoryPolicy", StringComparison.Ordinal), result.Error + result.Output);
    }

    [Fact]
    public void Capabilities_AllFiveSets_AreExact()
    {
        SetProcess(process => process with
        {
            NoNewPrivileges = false,
            User = new UserSpec { Uid = 1000, Gid = 1000 },
            Capabilities = new CapabilitiesSpec
            {
                Bounding = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"],
                Permitted = ["CAP_CHOWN", "CAP_KILL"],
                Effective = ["CAP_CHOWN"],
                Inheritable = ["CAP_CHOWN", "CAP_KILL"],
                Ambient = ["CAP_CHOWN"],
            },
        });

        // After an execve as another user than root what is ambient is what is left: capabilities(7).
        const string expected = "CapInh:\t0000000000000021\nCapPrm:\t0000000000000001\nCapEff:\t0000000000000001\nCapBnd:\t0000000000002021\nCapAmb:\t0000000000000001\n";
        Assert.Equal(expected + expected, RunAndExec("grep Cap /proc/self/status"));
    }

    [Theory]
    [InlineData(true, "1")]
    [InlineData(false, "0")]
    public void NoNewPrivileges_AsAsked_IsInTheStatus(bool asked, string expected)
    {
        SetProcess(process => process with { NoNewPrivileges = asked });

        Assert.Equal($"NoNewPrivs:\t{expected}\nNoNewPrivs:\t{expected}\n", RunAndExec("grep NoNewPrivs /proc/self/status"));
    }

    [Fact]
    public void Keyring_OfTheContainer_IsNotTheHosts() =>
        Assert.DoesNotContain("_uid.0", Bundle.RunScript("cat /proc/keys").Output, StringComparison.Ordinal);

    [Fact]
    public void NetDevice_OfTheHost_MovesWithItsAddressesUnderItsNewName()
    {
        var name = "crt" + Guid.NewGuid().ToString("N")[..6];
        Command.Output("ip", "link", "add", name, "type", "veth", "peer", "name", name + "p");
        try
        {
            Command.Output("ip", "address", "add", "198.51.100.7/24", "dev", name);
            SetLinux(linux => linux with { NetDevices = new Dictionary<string, NetDeviceSpec> { [name] = new() { Name = "inside0" } } });

            var output = OciBundle.RequireSuccess(Bundle.RunScript("busybox ip address show inside0")).Output;

            Assert.Contains("inet 198.51.100.7/24", output, StringComparison.Ordinal);
            Assert.Contains("UP", output, StringComparison.Ordinal);
            Assert.False(Directory.Exists("/sys/class/net/" + name));
        }
        finally
        {
            Command.Run("ip", "link", "delete", name + "p");
        }
    }

    [Fact]
    public void NetDevice_ThatIsNotThere_IsAnErrorThatNamesIt()
    {
        SetLinux(linux => linux with { NetDevices = new Dictionary<string, NetDeviceSpec> { ["nosuchdev"] = new() } });

        Assert.Contains("linux.netDevices \\\"nosuchdev\\\"", Bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("process.apparmorProfile", "module/apparmor/parameters/enabled")]
    [InlineData("process.selinuxLabel", "fs/selinux/enforce")]
    public void Label_OnAKernelWithoutIt_IsAnErrorThatNamesTheField(string field, string switchFile)
    {
        if (File.Exists(Path.Combine("/sys", switchFile)) && !File.ReadAllText(Path.Combine("/sys", switchFile)).StartsWith('N'))
        {
            return; // it is there: other tests
        }

        SetProcess(process => field.EndsWith("Profile", StringComparison.Ordinal) ? process with { ApparmorProfile = "x" } : process with { SelinuxLabel = "a:b:c:s0" });
        Assert.Contains(field, Bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    /// <summary>The output of the script as the container's program, then as an exec'd one.</summary>
    private string RunAndExec(string script)
    {
        Bundle.WriteSpec("sh", "-c", $"({script}) 2>&1; sleep 100");
        var output = Path.Combine(Bundle.Path, "first");
        OciBundle.RequireSuccess(Command.Run("sh", "-c", $"'{Binaries.Runtime}' {string.Join(' ', Bundle.Flags)} run --detach --bundle '{Bundle.Path}' {Bundle.Id} > '{output}' 2>&1 < /dev/null"));
        SpinWait.SpinUntil(() => new FileInfo(output).Length > 0, Patience.Seconds(10));
        return File.ReadAllText(output) + OciBundle.RequireSuccess(Bundle.Run("exec", Bundle.Id, "sh", "-c", $"({script}) 2>&1")).Output;
    }

    private void SetProcess(Func<ProcessSpec, ProcessSpec> change) => Bundle.Spec = Bundle.Spec with { Process = change(Bundle.Spec.Process!) };

    private void SetLinux(Func<LinuxSpec, LinuxSpec> change) => Bundle.Spec = Bundle.Spec with { Linux = change(Bundle.Spec.Linux!) };
}
