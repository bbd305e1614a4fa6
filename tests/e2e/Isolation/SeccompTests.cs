using System.Text.Json;
using CriShim.E2e.Fixtures;
using CriShim.E2e.Runtime;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.E2e.Isolation;

/// <summary>What each action of a seccomp profile does to the program.</summary>
public sealed class SeccompTests : OciBundleTests
{
    private const int SIGSYS = 31;
    private const int EBADFD = 77;


    public SeccompTests() => Bundle.Spec = Bundle.Spec with { Root = Bundle.Spec.Root! with { Readonly = false } };

    [Theory]
    [InlineData("SCMP_ACT_KILL")]
    [InlineData("SCMP_ACT_KILL_THREAD")]
    [InlineData("SCMP_ACT_KILL_PROCESS")]
    [InlineData("SCMP_ACT_TRAP")]
    public void Action_ThatEndsTheProgram_EndsItBySigsys(string action)
    {
        Use(Profile(action));

        Assert.Equal($"{128 + SIGSYS}\n", Bundle.RunScript("mkdir /x 2>/dev/null; echo $?").Output);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Action_Errno_IsTheErrorThatIsGiven(bool noNewPrivileges)
    {
        Bundle.Spec = Bundle.Spec with { Process = Bundle.Spec.Process! with { NoNewPrivileges = noNewPrivileges } };
        Use(Profile("SCMP_ACT_ERRNO", 95));

        Assert.Contains("not supported", Bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Action_ErrnoWithoutANumber_IsEperm()
    {
        Use(Profile("SCMP_ACT_ERRNO"));

        Assert.Contains("not permitted", Bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    /// <summary>Nobody traces: the kernel answers ENOSYS.</summary>
    [Fact]
    public void Action_TraceWithoutATracer_IsEnosys()
    {
        Use(Profile("SCMP_ACT_TRACE"));

        Assert.Contains("not implemented", Bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SCMP_ACT_LOG")]
    [InlineData("SCMP_ACT_ALLOW")]
    public void Action_ThatAllows_LetsTheCallThrough(string action)
    {
        Use(Profile(action));

        Assert.Equal("made\n", Bundle.RunScript("mkdir /x && echo made").Output);
    }

    [Fact]
    public void Arguments_OfACall_DecideEachForItself()
    {
        // A mode of more than the owner's rights is refused.
        Use(new SeccompSpec
        {
            DefaultAction = "SCMP_ACT_ALLOW",
            Syscalls =
            [
                new SeccompSyscallSpec { Names = ["chmod"], Action = "SCMP_ACT_ERRNO", ErrnoRet = 95, Args = [new SeccompArgSpec { Index = 1, Value = 0x1C0, Op = "SCMP_CMP_GT" }] },
            ],
        });

        Assert.Equal("private\n", Bundle.RunScript("mkdir /a; busybox chmod 700 /a && echo private; busybox chmod 755 /a && echo open").Output);
    }

    [Fact]
    public void Flags_AllOfThem_AreTaken()
    {
        Use(Profile("SCMP_ACT_ERRNO", 95) with
        {
            Flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
            Architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        });

        Assert.Contains("not supported", Bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Notify_OfTheContainer_AsksTheAgent(bool noNewPrivileges)
    {
        Bundle.Spec = Bundle.Spec with { Process = Bundle.Spec.Process! with { NoNewPrivileges = noNewPrivileges } };
        var path = Path.Combine(Bundle.Path, "agent.sock");
        using var agent = new SeccompAgent(path, EBADFD);
        Use(Profile("SCMP_ACT_NOTIFY") with { ListenerPath = path, ListenerMetadata = "what the agent needs" });

        Assert.Contains("bad state", Bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
        using var state = JsonDocument.Parse(await agent.Answering);
        Assert.Equal("seccompFd", state.RootElement.GetProperty("fds")[0].GetString());
        Assert.Equal("what the agent needs", state.RootElement.GetProperty("metadata").GetString());
        Assert.Equal(Bundle.Id, state.RootElement.GetProperty("state").GetProperty("id").GetString());
        Assert.Equal(state.RootElement.GetProperty("pid").GetInt32(), state.RootElement.GetProperty("state").GetProperty("pid").GetInt32());
    }

    [Fact]
    public async Task Notify_OfAnExec_IsALinkOfItsOwn()
    {
        var path = Path.Combine(Bundle.Path, "agent.sock");
        Use(Profile("SCMP_ACT_NOTIFY") with { ListenerPath = path });
        using (var first = new SeccompAgent(path, EBADFD))
        {
            Bundle.Start("sh", "-c", "mkdir /x; sleep 100");
            await first.Answering;
        }

        File.Delete(path);
        using var second = new SeccompAgent(path, EBADFD);
        Assert.Contains("bad state", Bundle.Run("exec", Bundle.Id, "mkdir", "/y").Error, StringComparison.Ordinal);
        using var state = JsonDocument.Parse(await second.Answering);
        Assert.NotEqual(state.RootElement.GetProperty("pid").GetInt32(), state.RootElement.GetProperty("state").GetProperty("pid").GetInt32());
        Assert.Equal("running", state.RootElement.GetProperty("state").GetProperty("status").GetString());
    }

    [Fact]
    public void Notify_AgentThatIsNotThere_IsAnErrorOfCreate()
    {
        Use(Profile("SCMP_ACT_NOTIFY") with { ListenerPath = Path.Combine(Bundle.Path, "nobody.sock") });
        Bundle.WriteSpec("true");

        Assert.Contains("linux.seccomp.listenerPath", Bundle.Run("create", "--bundle", Bundle.Path, Bundle.Id).Error, StringComparison.Ordinal);
    }

    private static SeccompSpec Profile(string action, uint? errno = null) => new()
    {
        DefaultAction = "SCMP_ACT_ALLOW",
        Syscalls = [new SeccompSyscallSpec { Names = ["mkdir", "mkdirat"], Action = action, ErrnoRet = errno }],
    };

    private void Use(SeccompSpec profile) => Bundle.Spec = Bundle.Spec with { Linux = Bundle.Spec.Linux! with { Seccomp = profile } };
}
