using CriShim.Linux;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Tests.Linux;

public sealed class SyscallProgramTests
{
    [Fact]
    public void Run_HarmlessCall_Returns()
    {
        using var program = new SyscallProgram();
        program.Call("getpid", SYS_getpid);

        program.Run();
    }

    [Fact]
    public void Run_FailingCall_ThrowsWithItsStepAndErrno()
    {
        using var program = new SyscallProgram();
        program.Call("getpid", SYS_getpid).Call("chdir /no/such", SYS_chdir, program.Text("/no/such"));

        var error = Assert.Throws<LinuxException>(program.Run);

        Assert.Equal((Errno.ENOENT, "chdir /no/such"), (error.Errno, error.Call));
    }

    [Fact]
    public void Run_IgnoredFailure_GoesOn()
    {
        using var program = new SyscallProgram();
        program.Call("chdir", SYS_chdir, program.Text("/no/such"), onError: OnError.Ignore).Call("getpid", SYS_getpid);

        program.Run();
    }

    [Fact]
    public void Run_CandidatesOfWhichOneIsForbidden_ReportsThat()
    {
        using var program = new SyscallProgram();
        var empty = program.TextArray([]);
        program
            .Call("execve 1", SYS_execve, program.Text("/no/such"), empty, empty, onError: OnError.TryNext)
            .Call("execve 2", SYS_execve, program.Text("/etc/passwd"), empty, empty, onError: OnError.TryNext)
            .Call("execve 3", SYS_execve, program.Text("/no/such"), empty, empty, onError: OnError.FailCandidates);

        var error = Assert.Throws<LinuxException>(program.Run);

        Assert.Equal((Errno.EACCES, "execve 3"), (error.Errno, error.Call));
    }

    [Fact]
    public void Run_SavedResult_IsTheNextCallsArgument()
    {
        using var program = new SyscallProgram();
        program
            .CallAndSave("open", SYS_openat, -100, program.Text("/dev/null"), 0x80000)
            .Call("close", SYS_close, SyscallProgram.SavedResult);

        program.Run();
    }

    [Fact]
    public void Text_WithZero_IsRefused()
    {
        using var program = new SyscallProgram();

        Assert.Throws<ArgumentException>(() => program.Text("a\0b"));
    }
}
