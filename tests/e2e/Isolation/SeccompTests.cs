using System.Text.Json;
using CriShim.E2e.Fixtures;
using CriShim.E2e.Runtime;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>What each action of a seccomp profile does to the program.</summary>
public sealed class SeccompTests : IAsyncLifetime, IDisposable
{
    private const int SIGSYS = 31;
    private const int EBADFD = 77;

    private readonly LeakCheck _leaks = new();
    private readonly OciBundle _bundle = new();

    public SeccompTests() => _bundle.Spec = _bundle.Spec with { Root = _bundle.Spec.Root! with { Readonly = false } };

    public Task InitializeAsync() => Task.CompletedTask;

    public void Dispose() => _bundle.Dispose();

    public async Task DisposeAsync()
    {
        _bundle.Dispose();
        await _leaks.AssertCleanAsync();
    }

    [Theory]
    [InlineData("SCMP_ACT_KILL")]
    [InlineData("SCMP_ACT_KILL_THREAD")]
    [InlineData("SCMP_ACT_KILL_PROCESS")]
    [InlineData("SCMP_ACT_TRAP")]
    public void Action_ThatEndsTheProgram_EndsItBySigsys(string action)
    {
        Use(Profile(action));

        Assert.Equal($"{128 + SIGSYS}\n", _bundle.RunScript("mkdir /x 2>/dev/null; echo $?").Output);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Action_Errno_IsTheErrorThatIsGiven(bool noNewPrivileges)
    {
        _bundle.Spec = _bundle.Spec with { Process = _bundle.Spec.Process! with { NoNewPrivileges = noNewPrivileges } };
        Use(Profile("SCMP_ACT_ERRNO", 95));

        Assert.Contains("not supported", _bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Action_ErrnoWithoutANumber_IsEperm()
    {
        Use(Profile("SCMP_ACT_ERRNO"));

        Assert.Contains("not permitted", _bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    /// <summary>Nobody traces: the kernel answers ENOSYS.</summary>
    [Fact]
    public void Action_TraceWithoutATracer_IsEnosys()
    {
        Use(Profile("SCMP_ACT_TRACE"));

        Assert.Contains("not implemented", _bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SCMP_ACT_LOG")]
    [InlineData("SCMP_ACT_ALLOW")]
    public void Action_ThatAllows_LetsTheCallThrough(string action)
    {
        Use(Profile(action));

        Assert.Equal("made\n", _bundle.RunScript("mkdir /x && echo made").Output);
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

        Assert.Equal("private\n", _bundle.RunScript("mkdir /a; busybox chmod 700 /a && echo private; busybox chmod 755 /a && echo open").Output);
    }

    [Fact]
    public void Flags_AllOfThem_AreTaken()
    {
        Use(Profile("SCMP_ACT_ERRNO", 95) with
        {
            Flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
            Architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        });

        Assert.Contains("not supported", _bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Notify_OfTheContainer_AsksTheAgent(bool noNewPrivileges)
    {
        _bundle.Spec = _bundle.Spec with { Process = _bundle.Spec.Process! with { NoNewPrivileges = noNewPrivileges } };
        var path = Path.Combine(_bundle.Path, "agent.sock");
        using var agent = new SeccompAgent(path, EBADFD);
        Use(Profile("SCMP_ACT_NOTIFY") with { ListenerPath = path, ListenerMetadata = "what the agent needs" });

        Assert.Contains("bad state", _bundle.RunScript("mkdir /x").Error, StringComparison.Ordinal);
        using var state = JsonDocument.Parse(await agent.Answering);
        Assert.Equal("seccompFd", state.RootElement.GetProperty("fds")[0].GetString());
        Assert.Equal("what the agent needs", state.RootElement.GetProperty("metadata").GetString());
        Assert.Equal(_bundle.Id, state.RootElement.GetProperty("state").GetProperty("id").GetString());
        Assert.Equal(state.RootElement.GetProperty("pid").GetInt32(), state.RootElement.GetProperty("state").GetProperty("pid").GetInt32());
    }

    [Fact]
    public async Task Notify_OfAnExec_IsALinkOfItsOwn()
    {
        var path = Path.Combine(_bundle.Path, "agent.sock");
        Use(Profile("SCMP_ACT_NOTIFY") with { ListenerPath = path });
        using (var first = new SeccompAgent(path, EBADFD))
        {
            _bundle.Start("sh", "-c", "mkdir /x; sleep 100");
            await first.Answering;
        }

        File.Delete(path);
        using var second = new SeccompAgent(path, EBADFD);
        Assert.Contains("bad state", _bundle.Run("exec", _bundle.Id, "mkdir", "/y").Error, StringComparison.Ordinal);
        using var state = JsonDocument.Parse(await second.Answering);
        Assert.NotEqual(state.RootElement.GetProperty("pid").GetInt32(), state.RootElement.GetProperty("state").GetProperty("pid").GetInt32());
        Assert.Equal("running", state.RootElement.GetProperty("state").GetProperty("status").GetString());
    }

    [Fact]
    public void Notify_AgentThatIsNotThere_IsAnErrorOfCreate()
    {
        Use(Profile("SCMP_ACT_NOTIFY") with { ListenerPath = Path.Combine(_bundle.Path, "nobody.sock") });
        _bundle.WriteSpec("true");

        Assert.Contains("linux.seccomp.listenerPath", _bundle.Run("create", "--bundle", _bundle.Path, _bundle.Id).Error, StringComparison.Ordinal);
    }

    private static SeccompSpec Profile(string action, uint? errno = null) => new()
    {
        DefaultAction = "SCMP_ACT_ALLOW",
        Syscalls = [new SeccompSyscallSpec { Names = ["mkdir", "mkdirat"], Action = action, ErrnoRet = errno }],
    };

    private void Use(SeccompSpec profile) => _bundle.Spec = _bundle.Spec with { Linux = _bundle.Spec.Linux! with { Seccomp = profile } };
}
