using System.Text;
using CriShim.Linux;

namespace CriShim.Runtime.Tests.Linux;

public sealed class ChildProcessTests
{
    private static string Run(string script, ChildProcessOptions? options = null)
    {
        using var pipe = PipePair.Create();
        options ??= new ChildProcessOptions("/bin/sh", []);
        using var child = ChildProcess.Start(options with
        {
            Arguments = ["sh", "-c", script],
            Fds = [(1, pipe.Writer), .. options.Fds],
        });
        pipe.Writer.Dispose();
        var output = new byte[4096];
        var length = 0;
        while (Fd.Read(pipe.Reader, output.AsSpan(length)) is var count and > 0)
        {
            length += count;
        }

        child.PidFd.Reap();
        return Encoding.UTF8.GetString(output, 0, length);
    }

    [Fact]
    public void Start_OnlyTheNamedDescriptors_AreInherited() =>
        Assert.Equal("end\n", Run("for i in 3 4 5 6 7 8 9 10 11 12; do [ ! -e /proc/$$/fd/$i ] || echo $i; done; echo end"));

    [Fact]
    public void Start_EnvironmentAndFolder_AreTheGivenOnes() =>
        Assert.Equal("v /tmp\n", Run("echo $K $PWD", new ChildProcessOptions("/bin/sh", []) { Environment = ["K=v"], WorkingFolder = "/tmp" }));

    [Fact]
    public void Start_SwappedDescriptors_EachGetsItsOwn()
    {
        using var first = PipePair.Create();
        using var second = PipePair.Create();
        Fd.WriteAll(first.Writer, "first\n"u8);
        Fd.WriteAll(second.Writer, "second\n"u8);
        var firstNumber = (int)first.Reader.DangerousGetHandle();
        var secondNumber = (int)second.Reader.DangerousGetHandle();

        var output = Run(
            $"read a <&{firstNumber}; read b <&{secondNumber}; echo $a $b",
            new ChildProcessOptions("/bin/bash", []) { Fds = [(firstNumber, second.Reader), (secondNumber, first.Reader)] });

        Assert.Equal("second first\n", output);
    }

    [Fact]
    public void Start_NoSuchProgram_Throws()
    {
        var error = Assert.Throws<LinuxException>(() => ChildProcess.Start(new ChildProcessOptions("/no/such", ["x"])));

        Assert.Equal(Errno.ENOENT, error.Errno);
    }

    [Fact]
    public void Reap_KilledBySignal_ReportsIt()
    {
        using var child = ChildProcess.Start(new ChildProcessOptions("/bin/sleep", ["sleep", "100"]));

        child.PidFd.SendSignal(15);

        Assert.Equal(new ProcessExit(143, 15), child.PidFd.Reap());
    }
}
