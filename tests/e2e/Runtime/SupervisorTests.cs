using System.Diagnostics;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.TestKit;
using static CriShim.Linux.LibC.Files;

namespace CriShim.E2e.Runtime;

/// <summary>The published supervisor through its control socket, without a server.</summary>
public sealed class SupervisorTests
{
    private const int SIGKILL = 9;
    private const int SIGTERM = 15;

    [Fact]
    public void Container_RunsToItsEnd_LogsAndLeavesItsRecord()
    {
        using var container = new SupervisedContainer("sh", "-c", "echo out; echo err >&2; printf rest; exit 3");
        container.CreateAndStart();
        var exit = container.Await<ExitedEvent>().Exit;
        Assert.Equal((3, 0, false), (exit.ExitCode, exit.Signal, exit.OomKilled));
        Assert.InRange(exit.StartedAt, 1, exit.FinishedAt);
        Assert.Equal(exit, container.ReadExitRecord());
        Assert.Equal(0, container.WaitForSupervisor());
        Assert.Equal([("stderr", "F", "err"), ("stdout", "F", "out"), ("stdout", "P", "rest")], container.Log().Order());
        Assert.False(File.Exists(Path.Combine(container.Folder, StateLayout.ControlSocket)));
        Assert.False(File.Exists(Path.Combine(container.Folder, "supervisor.log")));
    }

    [Fact]
    public void Create_Only_DoesNotRunTheProgram()
    {
        using var container = new SupervisedContainer("sh", "-c", "echo started");
        Assert.IsType<CreatedReply>(container.Create());
        Assert.Empty(container.Log());
        Assert.IsType<OkReply>(container.Ask(new KillRequest(SIGKILL, All: false)));
        var exit = container.Await<ExitedEvent>().Exit;
        Assert.Equal((137, SIGKILL, 0), (exit.ExitCode, exit.Signal, exit.StartedAt));
    }

    [Fact]
    public void Create_ProgramIsMissing_StartFailsAndContainerEnds()
    {
        using var container = new SupervisedContainer("/no/such/program");
        if (container.Create() is CreatedReply)
        {
            var error = Assert.IsType<ErrorReply>(container.Ask(new StartRequest())).Error;
            Assert.Contains("/no/such/program", error.Message, StringComparison.Ordinal);
            Assert.NotEqual(0, container.Await<ExitedEvent>().Exit.ExitCode);
        }
    }

    [Fact]
    public void Create_NoSpec_AnswersWhyAndExits()
    {
        using var container = new SupervisedContainer("true") { Process = new ProcessSpec { Args = [] } };
        var error = Assert.IsType<ErrorReply>(container.Create()).Error;
        Assert.Equal(RuntimeErrorKind.InvalidArgument, error.Kind);
        Assert.Equal(1, container.WaitForSupervisor());
    }

    [Fact]
    public void Start_Twice_IsRefused()
    {
        using var container = new SupervisedContainer("sleep", "100");
        container.CreateAndStart();
        Assert.Equal(RuntimeErrorKind.FailedPrecondition, Assert.IsType<ErrorReply>(container.Ask(new StartRequest())).Error.Kind);
    }

    [Fact]
    public void Kill_Signals_ReachTheProgram()
    {
        using var container = new SupervisedContainer("sh", "-c", "trap 'echo term; exit 7' TERM; echo ready; while :; do sleep 0.05; done");
        container.CreateAndStart();
        WaitForLog(container, "ready");
        Assert.IsType<ErrorReply>(container.Ask(new KillRequest(0, All: false)));
        Assert.IsType<OkReply>(container.Ask(new KillRequest(SIGTERM, All: false)));
        Assert.Equal(7, container.Await<ExitedEvent>().Exit.ExitCode);
        Assert.Contains(container.Log(), line => line.Text == "term");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Kill_WholeContainer_EndsBackgroundProcessesToo(bool ownPidNamespace)
    {
        using var container = new SupervisedContainer("sh", "-c", "sleep 1000 & sleep 1000 & echo ready; wait") { OwnPidNamespace = ownPidNamespace };
        container.CreateAndStart();
        WaitForLog(container, "ready");
        Assert.IsType<OkReply>(container.Ask(new KillRequest(SIGKILL, All: true)));
        Assert.Equal(137, container.Await<ExitedEvent>().Exit.ExitCode);
        Assert.Equal(0, container.WaitForSupervisor());
    }

    /// <summary>Without a PID namespace the init's end does not end the others, which hold the log's pipes.</summary>
    [Fact]
    public void Exit_SharedPidNamespace_KillsWhatIsLeft()
    {
        using var container = new SupervisedContainer("sh", "-c", "sleep 1000 & echo bye") { OwnPidNamespace = false };
        container.CreateAndStart();
        Assert.Equal(0, container.Await<ExitedEvent>().Exit.ExitCode);
        Assert.Equal(0, container.WaitForSupervisor());
        Assert.Equal("bye", container.Log().Single().Text);
    }

    [Fact]
    public void Log_MuchOutput_IsWhole()
    {
        using var container = new SupervisedContainer("seq", "200000");
        container.CreateAndStart();
        container.Await<ExitedEvent>();
        Assert.Equal(Enumerable.Range(1, 200000).Select(i => $"{i}"), container.Log().Select(line => line.Text));
    }

    [Fact]
    public void ReopenLog_AfterRename_GoesOnInANewFile()
    {
        using var container = new SupervisedContainer("sh", "-c", "trap 'echo second' USR1; echo first; while :; do sleep 0.05; done");
        container.CreateAndStart();
        WaitForLog(container, "first");
        File.Move(container.LogPath, container.LogPath + ".1");
        Assert.IsType<OkReply>(container.Ask(new ReopenLogRequest()));
        Assert.IsType<OkReply>(container.Ask(new KillRequest(10, All: false)));
        WaitForLog(container, "second");
        Assert.DoesNotContain("second", File.ReadAllText(container.LogPath + ".1"), StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_LimitExceeded_IsReportedAsOom()
    {
        using var container = new SupervisedContainer("sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M count=1")
        {
            Resources = new ResourcesSpec { Memory = new MemorySpec { Limit = 32 << 20, Swap = 32 << 20 } },
        };
        container.CreateAndStart();
        var exit = container.Await<ExitedEvent>().Exit;
        Assert.True(exit.OomKilled);
        Assert.Equal(137, exit.ExitCode);
    }

    /// <summary>systemd removes a scope's cgroup, and its counters, once it is empty; here that is before the supervisor can look.</summary>
    [Fact]
    public void Memory_LimitExceededAndCgroupGone_IsReportedAsOom()
    {
        const int SIGUSR1 = 10;
        const int SIGCONT = 18;
        const int SIGSTOP = 19;
        const string Greedy = "trap 'exec dd if=/dev/zero of=/dev/null bs=200M count=1' USR1; echo ready; while :; do sleep 0.05; done";
        using var container = new SupervisedContainer("sh", "-c", Greedy)
        {
            Resources = new ResourcesSpec { Memory = new MemorySpec { Limit = 32 << 20, Swap = 32 << 20 } },
        };
        container.CreateAndStart();
        WaitForLog(container, "ready");
        using var supervisor = PidFd.Open(container.Record!.SupervisorPid)!;
        using var init = PidFd.Open(container.Record.InitPid)!;
        supervisor.SendSignal(SIGSTOP);
        try
        {
            init.SendSignal(SIGUSR1);
            Assert.True(ProcessEnd.Wait(init, Patience.Seconds(10)));
            if (OciBundle.UsesSystemd)
            {
                Assert.True(SpinWait.SpinUntil(() => !container.Cgroup.Exists(), Patience.Seconds(10)), "systemd left the cgroup");
            }
        }
        finally
        {
            supervisor.SendSignal(SIGCONT);
        }

        var exit = container.Await<ExitedEvent>().Exit;
        Assert.Equal((137, true), (exit.ExitCode, exit.OomKilled));
    }

    [Fact]
    public void Stdio_OtherUser_CanBeReopened()
    {
        using var container = new SupervisedContainer("sh", "-c", "echo again >/proc/self/fd/1");
        container.Process = container.Process with { User = new UserSpec { Uid = 1000, Gid = 1000 } };
        container.CreateAndStart();
        Assert.Equal(0, container.Await<ExitedEvent>().Exit.ExitCode);
        Assert.Equal("again", container.Log().Single().Text);
    }

    /// <summary>A process outside the cgroup that holds the log's pipe does not hold up the end.</summary>
    [Fact]
    public void Exit_StrangerHoldsThePipe_IsNotHeldUp()
    {
        using var container = new SupervisedContainer("sleep", "1000");
        container.CreateAndStart();
        using var held = Fd.Open($"/proc/{container.Record!.InitPid}/fd/1", O_WRONLY);
        Fd.WriteAll(held, "from outside\n"u8);
        container.Ask(new KillRequest(SIGKILL, All: false));
        var clock = Stopwatch.StartNew();
        container.Await<ExitedEvent>();
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, Patience.Seconds(2).TotalSeconds);
        Assert.Equal("from outside", container.Log().Single().Text);
    }

    [Fact]
    public void Server_DiesAndComesBack_FindsTheContainerAsItWas()
    {
        using var container = new SupervisedContainer("sh", "-c", "trap 'echo alive' USR1; echo ready; while :; do sleep 0.05; done");
        container.CreateAndStart();
        WaitForLog(container, "ready");
        container.Disconnect();
        container.Reconnect();
        Assert.IsType<OkReply>(container.Ask(new KillRequest(10, All: false)));
        WaitForLog(container, "alive");
        Assert.Equal(0, container.Exec("true").Exit.ExitCode);
        container.Disconnect();

        // Nobody listens when it ends: the record tells.
        using (var init = PidFd.Open(container.Record!.InitPid))
        {
            init!.SendSignal(SIGKILL);
        }

        Assert.Equal(0, container.WaitForSupervisor());
        Assert.Equal(137, container.ReadExitRecord().ExitCode);
    }

    [Fact]
    public void Supervisor_TermSignal_IsIgnoredAndNotInherited()
    {
        using var container = new SupervisedContainer("sleep", "1000");
        container.CreateAndStart();
        using (var supervisor = PidFd.Open(container.SupervisorPid))
        {
            supervisor!.SendSignal(SIGTERM);
            supervisor.SendSignal(1);
        }

        var (exit, status) = container.Exec("grep", "-E", "Sig(Ign|Blk)", "/proc/1/status", "/proc/self/status");
        Assert.Equal(0, exit.ExitCode);
        Assert.Equal(4, status.Split('\n').Count(line => line.EndsWith(":\t0000000000000000", StringComparison.Ordinal)));
    }

    [Fact]
    public void Control_GarbageMessage_GetsAnErrorAndNothingBreaks()
    {
        using var container = new SupervisedContainer("sleep", "1000");
        container.CreateAndStart();
        using var stranger = new ControlChannel(SeqPacketSocket.Connect(Path.Combine(container.Folder, StateLayout.ControlSocket)));
        stranger.Send([0x7b, 0xff, 0x00]);
        using var answer = stranger.Receive()!;
        Assert.IsType<ErrorReply>(ControlCodec.Decode(answer.Bytes));
        Assert.Equal(0, container.Exec("true").Exit.ExitCode);
    }

    private static void WaitForLog(SupervisedContainer container, string text) =>
        Assert.True(
            SpinWait.SpinUntil(() => File.Exists(container.LogPath) && container.Log().Any(line => line.Text == text), Patience.Seconds(10)),
            $"no line \"{text}\" in the log");
}
