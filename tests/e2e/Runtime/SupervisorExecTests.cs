using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Files;

namespace CriShim.E2e.Runtime;

/// <summary>Processes in a container of the published supervisor.</summary>
public sealed class SupervisorExecTests
{
    private const int SIGKILL = 9;

    [Fact]
    public void Exec_Command_RunsInTheContainer()
    {
        using var container = new SupervisedContainer("sleep", "1000");
        container.CreateAndStart();
        var (exit, output) = container.Exec("sh", "-c", "cat /proc/1/cmdline | head -c 5; exit 4");
        Assert.Equal((4, 0), (exit.ExitCode, exit.Signal));
        Assert.Equal("sleep", output);
        Assert.Equal(137, container.Exec("sh", "-c", "kill -9 $$").Exit.ExitCode);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(0, container.Exec("true").Exit.ExitCode);
        }
    }

    [Fact]
    public void Exec_BadRequests_AreRefused()
    {
        using var container = new SupervisedContainer("sleep", "1000");
        Assert.IsType<CreatedReply>(container.Create());
        using var devNull = Fd.Open("/dev/null", O_RDWR);
        var request = new ExecRequest("e", container.Process with { Args = ["true"] });
        Assert.Equal(RuntimeErrorKind.FailedPrecondition, Assert.IsType<ErrorReply>(container.Ask(request, devNull, devNull, devNull)).Error.Kind);
        container.Ask(new StartRequest());
        Assert.Equal(RuntimeErrorKind.InvalidArgument, Assert.IsType<ErrorReply>(container.Ask(request)).Error.Kind);
        var missing = Assert.IsType<ErrorReply>(
            container.Ask(request with { Process = container.Process with { Args = ["no-such"] } }, devNull, devNull, devNull)).Error;
        Assert.Contains("no-such", missing.Message, StringComparison.Ordinal);
        Assert.IsType<OkReply>(container.Ask(new ExecKillRequest("unknown")));
    }

    [Fact]
    public void ExecKill_Tree_EndsDescendantsAndNothingElse()
    {
        using var container = new SupervisedContainer("sleep", "1000");
        container.CreateAndStart();
        using var pipe = PipePair.Create();
        container.StartExec("tree", pipe.Writer, "sh", "-c", "(sleep 999 & sleep 998) & sleep 997 & echo; wait");
        pipe.Writer.Dispose();
        Assert.Equal(1, Fd.Read(pipe.Reader, new byte[1]));
        Assert.IsType<OkReply>(container.Ask(new ExecKillRequest("tree")));
        Assert.Equal(SIGKILL, container.Await<ExecExitedEvent>().Signal);

        // All have ended: nobody holds the pipe.
        Assert.Equal(0, Fd.Read(pipe.Reader, new byte[1]));
        Assert.Equal(0, container.Exec("true").Exit.ExitCode);
    }

    /// <summary>What an exec leaves in the background goes on, can still be killed under its id, and ends with the container.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Exec_LeavesBackgroundProcess_ItCanStillBeKilled(bool kill)
    {
        using var container = new SupervisedContainer("sleep", "1000");
        container.CreateAndStart();
        using var pipe = PipePair.Create();
        container.StartExec("daemon", pipe.Writer, "sh", "-c", "sleep 999 &");
        pipe.Writer.Dispose();
        Assert.Equal(0, container.Await<ExecExitedEvent>().ExitCode);
        Assert.True(SpinWait.SpinUntil(() => container.Exec("sh", "-c", "cat /proc/[0-9]*/cmdline").Output.Contains("sleep\0999", StringComparison.Ordinal), 5000));
        Assert.IsType<OkReply>(kill ? container.Ask(new ExecKillRequest("daemon")) : container.Ask(new KillRequest(SIGKILL, All: false)));
        Assert.Equal(0, Fd.Read(pipe.Reader, new byte[1]));
    }

    [Fact]
    public void Exec_RunningWhenTheContainerEnds_IsReportedFirst()
    {
        using var container = new SupervisedContainer("sleep", "1000");
        container.CreateAndStart();
        using var pipe = PipePair.Create();
        container.StartExec("long", pipe.Writer, "sleep", "999");
        container.Ask(new KillRequest(SIGKILL, All: false));
        Assert.Equal(SIGKILL, container.Await<ExecExitedEvent>().Signal);
        Assert.Equal(SIGKILL, container.Await<ExitedEvent>().Exit.Signal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Exec_ServerIsGone_EndsUnlessItOutlivesIt(bool outlives)
    {
        using var container = new SupervisedContainer("sleep", "1000");
        container.CreateAndStart();
        using var pipe = PipePair.Create();
        using var devNull = Fd.Open("/dev/null", O_RDWR);
        var process = container.Process with { Args = ["sh", "-c", "sleep 996 & echo; sleep 995"] };
        Assert.IsType<ExecStartedReply>(container.Ask(new ExecRequest("e", process, outlives), devNull, pipe.Writer, devNull));
        pipe.Writer.Dispose();
        Assert.Equal(1, Fd.Read(pipe.Reader, new byte[1]));
        container.Disconnect();
        container.Reconnect();
        var isThere = container.Exec("sh", "-c", "sleep 0.3; cat /proc/[0-9]*/cmdline").Output.Contains("sleep\099", StringComparison.Ordinal);
        Assert.Equal(outlives, isThere);
    }

    [Fact]
    public void Paused_Container_RefusesExecAndCanBeKilled()
    {
        using var container = new SupervisedContainer("sleep", "1000");
        container.CreateAndStart();
        container.Cgroup.Freeze();
        using var devNull = Fd.Open("/dev/null", O_RDWR);
        var request = new ExecRequest("e", container.Process with { Args = ["true"] });
        Assert.Equal(RuntimeErrorKind.FailedPrecondition, Assert.IsType<ErrorReply>(container.Ask(request, devNull, devNull, devNull)).Error.Kind);
        Assert.IsType<OkReply>(container.Ask(new KillRequest(SIGKILL, All: false)));
        Assert.Equal(SIGKILL, container.Await<ExitedEvent>().Exit.Signal);
    }

    /// <summary>What confines the container confines whatever joins it.</summary>
    [Fact]
    public void Exec_ContainerWithSeccompProfile_HasItToo()
    {
        using var container = new SupervisedContainer("sleep", "1000")
        {
            Seccomp = new SeccompSpec
            {
                DefaultAction = "SCMP_ACT_ALLOW",
                Syscalls = [new SeccompSyscallSpec { Names = ["unlink", "unlinkat"], Action = "SCMP_ACT_ERRNO", ErrnoRet = 1 }],
            },
        };
        container.CreateAndStart();
        var (exit, output) = container.Exec("sh", "-c", "grep Seccomp: /proc/1/status /proc/self/status; touch /tmp/x && rm /tmp/x");
        Assert.Equal(1, exit.ExitCode);
        Assert.Equal(2, output.Split('\n').Count(line => line.EndsWith("Seccomp:\t2", StringComparison.Ordinal)));
    }
}
