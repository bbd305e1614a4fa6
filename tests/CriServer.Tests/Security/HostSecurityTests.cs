using CriShim.CriServer.Security;
using CriShim.CriServer.Specs;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Linux;

namespace CriShim.CriServer.Tests.Security;

/// <summary>Against folders that stand for /sys and /etc/selinux, and scripts that stand for the parser.</summary>
public sealed class HostSecurityTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AppArmor_KernelWithoutIt_IsAbsentAndRunsNoParser() => Assert.Equal(AppArmorFacts.Absent, Prepare("exit 0", "crishim-default"));

    [Fact]
    public void AppArmor_OurProfile_IsGivenToTheParserOnStdin()
    {
        EnableAppArmor();
        Assert.Equal(new AppArmorFacts(true, "crishim-default", ""), Prepare($"echo \"$@\" > {_folder["args"]}; cat > {_folder["stdin"]}", "crishim-default"));
        Assert.Equal("--replace --skip-cache --quiet\n", File.ReadAllText(_folder["args"]));
        Assert.Equal(AppArmorProfileText.Build("unconfined"), File.ReadAllText(_folder["stdin"]));
    }

    [Fact]
    public void AppArmor_ParserThatFails_LeavesNoDefaultAndSaysWhy()
    {
        EnableAppArmor();
        var facts = Prepare("cat > /dev/null; echo 'permission denied' >&2; exit 1", "crishim-default");
        Assert.Equal((true, null), (facts.Enabled, facts.DefaultProfile));
        Assert.Contains("permission denied", facts.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void AppArmor_ParserThatFailsButItIsLoaded_IsUsed()
    {
        EnableAppArmor("crishim-default (enforce)");
        Assert.Equal("crishim-default", Prepare("cat > /dev/null; exit 1", "crishim-default").DefaultProfile);
    }

    /// <summary>What it leaves behind holds its standard error open, and says more than a pipe holds.</summary>
    [Fact]
    public void AppArmor_ParserThatLeavesAChildBehind_DoesNotHoldUpTheStart()
    {
        EnableAppArmor();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var facts = Prepare("sleep 15 & head -c 200000 /dev/zero | tr '\\0' 'x' >&2; exit 1", "crishim-default");
        Assert.Contains("xxx", facts.Problem, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }

    [Fact]
    public void AppArmor_WithoutParser_LeavesNoDefaultAndSaysWhy()
    {
        EnableAppArmor();
        var facts = new AppArmorDefault(new SecurityModules(_folder["sys"]), _folder["none"]).Prepare("crishim-default");
        Assert.Contains("not installed", facts.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("theirs", "theirs")]
    [InlineData("absent", null)]
    [InlineData("", null)]
    public void AppArmor_ProfileOfAnother_IsOnlyLookedFor(string profile, string? expected)
    {
        EnableAppArmor("theirs (enforce)");
        Assert.Equal(expected, Prepare("exit 1", profile).DefaultProfile);
    }

    [Theory]
    [InlineData("unconfined\n", false)]
    [InlineData("crishim (enforce)\n", true)]
    public void AppArmor_ServerThatIsConfined_MayEndItsContainers(string label, bool named)
    {
        EnableAppArmor();
        File.WriteAllText(_folder["current"], label);
        Prepare($"cat > {_folder["stdin"]}", "crishim-default", _folder["current"]);
        Assert.Equal(named, File.ReadAllText(_folder["stdin"]).Contains("signal (receive) peer=\"crishim\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Selinux_KernelWithoutIt_IsNull() => Assert.Null(new SelinuxPolicy(new SecurityModules(_folder["sys"])).Read());

    [Fact]
    public void Selinux_Policy_NamesTheContexts()
    {
        EnableSelinux();
        Directory.CreateDirectory(_folder["etc/mls/contexts"]);
        File.WriteAllText(_folder["etc/config"], "# comment = no\nSELINUX=enforcing\nSELINUXTYPE=mls\n");
        File.WriteAllText(_folder["etc/mls/contexts/lxc_contexts"], "process = \"u:r:box_t:s0\"\nfile = \"u:object_r:box_file_t:s0\"\nsandbox_kvm_process = \"x\"\n");
        var defaults = new SelinuxPolicy(new SecurityModules(_folder["sys"]), _folder["etc"]).Read()!;
        Assert.Equal(("u:r:box_t:s0", "u:object_r:box_file_t:s0"), (defaults.Process.ToString(), defaults.File.ToString()));
    }

    [Fact]
    public void Selinux_PolicyThatSaysNothing_HasTheUsualContexts()
    {
        EnableSelinux();
        var defaults = new SelinuxPolicy(new SecurityModules(_folder["sys"]), _folder["etc"]).Read()!;
        Assert.Equal(("system_u:system_r:container_t:s0", "system_u:object_r:container_file_t:s0"), (defaults.Process.ToString(), defaults.File.ToString()));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/etc")]
    [InlineData("/var/lib")]
    [InlineData("/proc/sys")]
    [InlineData("/usr/share")]
    public void LabelTree_PathOfTheHost_IsRefused(string path)
    {
        var error = Specs.Given.Refused(() => SelinuxFiles.LabelTree(path, "u:object_r:t:s0", "mounts[0].selinux_relabel"));
        Assert.Contains("mounts[0].selinux_relabel", error.Message, StringComparison.Ordinal);
    }

    private AppArmorFacts Prepare(string script, string profile, string? ownLabel = null)
    {
        var parser = _folder["parser"];
        File.WriteAllText(parser, $"#!/bin/sh\nPATH=/bin:/usr/bin\n{script}\n");
        File.SetUnixFileMode(parser, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new AppArmorDefault(new SecurityModules(_folder["sys"]), parser, ownLabel ?? _folder["none"]).Prepare(profile);
    }

    private void EnableAppArmor(params string[] profiles)
    {
        Directory.CreateDirectory(_folder["sys/module/apparmor/parameters"]);
        File.WriteAllText(_folder["sys/module/apparmor/parameters/enabled"], "Y\n");
        Directory.CreateDirectory(_folder["sys/kernel/security/apparmor"]);
        File.WriteAllLines(_folder["sys/kernel/security/apparmor/profiles"], profiles);
    }

    private void EnableSelinux()
    {
        Directory.CreateDirectory(_folder["sys/fs/selinux"]);
        File.WriteAllText(_folder["sys/fs/selinux/enforce"], "1");
    }
}
