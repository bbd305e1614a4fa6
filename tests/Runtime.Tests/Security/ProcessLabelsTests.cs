using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Security;

namespace CriShim.Runtime.Tests.Security;

public sealed class ProcessLabelsTests : IDisposable
{
    private static readonly ProcessSpec s_plain = new() { Args = ["true"] };

    private readonly string _sys = Directory.CreateTempSubdirectory("crishim-test-").FullName;

    public void Dispose() => Directory.Delete(_sys, recursive: true);

    [Fact]
    public void Require_NothingAsked_Passes() => ProcessLabels.Require(s_plain, new SecurityModules(_sys));

    [Theory]
    [InlineData("loaded")]
    [InlineData("with blanks")]
    [InlineData("unconfined")]
    public void Require_LoadedProfile_Passes(string profile)
    {
        EnableAppArmor("loaded (enforce)\nwith blanks (complain)\n");

        ProcessLabels.Require(s_plain with { ApparmorProfile = profile }, new SecurityModules(_sys));
    }

    [Theory]
    [InlineData("loade")]
    [InlineData("loaded (enforce)")]
    [InlineData("absent")]
    public void Require_ProfileThatIsNotLoaded_NamesIt(string profile)
    {
        EnableAppArmor("loaded (enforce)\n");

        Fails($"process.apparmorProfile \"{profile}\"", s_plain with { ApparmorProfile = profile });
    }

    [Fact]
    public void Require_ProfileWithoutAppArmor_NamesTheMember() => Fails("process.apparmorProfile", s_plain with { ApparmorProfile = "x" });

    [Fact]
    public void Require_AppArmorSwitchedOff_NamesTheMember()
    {
        EnableAppArmor("x (enforce)\n");
        File.WriteAllText(Path.Combine(_sys, "module", "apparmor", "parameters", "enabled"), "N\n");

        Fails("not enabled", s_plain with { ApparmorProfile = "x" });
    }

    [Fact]
    public void Require_LabelWithoutSelinux_NamesTheMember() => Fails("process.selinuxLabel", s_plain with { SelinuxLabel = "system_u:system_r:container_t:s0" });

    [Fact]
    public void Require_LabelWithSelinux_Passes()
    {
        Directory.CreateDirectory(Path.Combine(_sys, "fs", "selinux"));
        File.WriteAllText(Path.Combine(_sys, "fs", "selinux", "enforce"), "1");

        ProcessLabels.Require(s_plain with { SelinuxLabel = "system_u:system_r:container_t:s0" }, new SecurityModules(_sys));
    }

    [Fact]
    public void Add_ProfileAndLabel_WritesBothAndTheKeysAndClosesProcfs()
    {
        var process = s_plain with { ApparmorProfile = "p", SelinuxLabel = "u:r:t:s0" };
        using var program = new SyscallProgram();
        using var proc = ProcessLabels.OpenProc(process);

        ProcessLabels.Add(program, process, proc);

        Assert.Equal(["apply AppArmor profile \"p\"", "apply SELinux label \"u:r:t:s0\"", "label keys \"u:r:t:s0\"", "close procfs"], program.Steps.Distinct());
    }

    [Fact]
    public void OpenProc_NothingAsked_IsNull() => Assert.Null(ProcessLabels.OpenProc(s_plain));

    private void EnableAppArmor(string profiles)
    {
        Directory.CreateDirectory(Path.Combine(_sys, "module", "apparmor", "parameters"));
        File.WriteAllText(Path.Combine(_sys, "module", "apparmor", "parameters", "enabled"), "Y\n");
        Directory.CreateDirectory(Path.Combine(_sys, "kernel", "security", "apparmor"));
        File.WriteAllText(Path.Combine(_sys, "kernel", "security", "apparmor", "profiles"), profiles);
    }

    private void Fails(string text, ProcessSpec process)
    {
        var error = Assert.Throws<RuntimeException>(() => ProcessLabels.Require(process, new SecurityModules(_sys)));
        Assert.Equal(RuntimeErrorKind.InvalidArgument, error.Error.Kind);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }
}
