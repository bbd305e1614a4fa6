using System.Text;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;

namespace CriShim.Runtime.Tests.Containers;

public sealed class ProcessProgramTests
{
    private static readonly ProcessSpec s_process = new() { Args = ["true"], Cwd = "/work" };

    [Fact]
    public void Candidates_NameWithFolder_IsItself() => Assert.Equal(["/bin/true"], Candidates("/bin/true", "PATH=/a"));

    [Fact]
    public void Candidates_BareName_IsOneForEachFolderOfPath() => Assert.Equal(["/a/true", "./true", "/b/true"], Candidates("true", "PATH=/a::/b"));

    [Fact]
    public void Candidates_WithoutPath_UsesTheDefault() => Assert.Contains("/bin/true", Candidates("true"));

    [Fact]
    public void Add_NoNewPrivileges_LoadsSeccompLast()
    {
        var steps = Steps(s_process with { NoNewPrivileges = true });

        Assert.True(steps.IndexOf("load seccomp profile") > steps.IndexOf("set no_new_privs"));
        Assert.True(steps.IndexOf("load seccomp profile") > steps.IndexOf("capset"));
    }

    [Fact]
    public void Add_PrivilegesToGain_LoadsSeccompWhileItIsPermitted()
    {
        var steps = Steps(s_process);

        Assert.True(steps.IndexOf("load seccomp profile") < steps.IndexOf("capset"));
        Assert.DoesNotContain("set no_new_privs", steps);
    }

    [Fact]
    public void Add_Always_ChangesIdsBeforeCapabilitiesAndExecutesLast()
    {
        var steps = Steps(s_process);

        Assert.True(steps.IndexOf("setgroups") < steps.IndexOf("setresgid 0"));
        Assert.True(steps.IndexOf("setresuid 0") < steps.IndexOf("capset"));
        Assert.Equal("exec", steps[^1]);
    }

    [Theory]
    [InlineData("foo", Errno.ENOENT, "exec: \"foo\": executable file not found in $PATH")]
    [InlineData("/foo", Errno.ENOENT, "exec: \"/foo\": stat /foo: no such file or directory")]
    [InlineData("foo", Errno.EACCES, "exec: \"foo\": permission denied")]
    [InlineData("foo", Errno.ENOEXEC, "exec foo: exec format error")]
    public void Describe_FailedExec_UsesTheFieldsWords(string command, Errno errno, string message) =>
        Assert.Equal(message, ProcessProgram.Describe(new LinuxException(errno, "exec"), s_process with { Args = [command] }).Message);

    private static List<string> Steps(ProcessSpec process)
    {
        using var program = new SyscallProgram();
        ProcessProgram.Add(program, process, new ProcessProgram.Context(Capabilities: 0, Keyring: null, Seccomp: new byte[16]));
        return [.. program.Steps];
    }

    private static IEnumerable<string> Candidates(string command, params string[] environment) =>
        ProcessProgram.Candidates(command, [.. environment.Select(Encoding.UTF8.GetBytes)]).Select(Encoding.UTF8.GetString);
}
