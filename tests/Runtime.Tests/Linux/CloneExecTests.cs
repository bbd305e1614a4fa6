using CriShim.Linux;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Tests.Linux;

public sealed class CloneExecTests
{
    [Fact]
    public void Start_Program_RunsIt()
    {
        using var program = new SyscallProgram();
        program.Call("execve", SYS_execve, program.Text("/bin/sh"), program.TextArray(["sh", "-c", "exit 7"]), program.TextArray([]));

        using var child = CloneExec.Start(program, new CloneOptions());

        Assert.Equal(new ProcessExit(7, 0), child.PidFd.Reap());
    }

    [Fact]
    public void Start_NoSuchProgram_ThrowsWithStep()
    {
        using var program = new SyscallProgram();
        program.Call("execve /no/such", SYS_execve, program.Text("/no/such"), program.TextArray(["x"]), program.TextArray([]));

        var error = Assert.Throws<LinuxException>(() => CloneExec.Start(program, new CloneOptions()));

        Assert.Equal((Errno.ENOENT, "execve /no/such"), (error.Errno, error.Call));
    }

    [Fact]
    public void Start_ProgramThatClosesFrom_LeavesNoOtherDescriptor()
    {
        using var output = PipePair.Create();
        using var fds = new InheritedFds([(1, output.Writer)]);
        using var program = new SyscallProgram();
        var script = "for i in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do [ ! -e /proc/$$/fd/$i ] || echo $i; done; echo end";
        program
            .Call("dup3", SYS_dup3, fds.Mapping[0].Source.DangerousGetHandle(), 1)
            .CloseFrom(3)
            .Call("execve", SYS_execve, program.Text("/bin/sh"), program.TextArray(["sh", "-c", script]), program.TextArray([]));

        using var child = CloneExec.Start(program, new CloneOptions());
        child.PidFd.Reap();

        var text = new byte[256];
        var length = Fd.Read(output.Reader, text);
        Assert.Equal("end\n", System.Text.Encoding.ASCII.GetString(text, 0, length));
    }
}
