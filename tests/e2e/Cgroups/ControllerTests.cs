using CriShim.Oci.RuntimeSpec;

namespace CriShim.E2e.Cgroups;

/// <summary>
/// Each controller through the published runtime, on whatever cgroups the machine has: what is set is what the process inside sees, and what
/// the kernel enforces.
/// </summary>
public sealed class ControllerTests : ControlledTests
{
    public static TheoryData<string> Settings => [.. ControllerTable.Settings.Where(setting => setting.IsHere).Select(setting => setting.Name)];

    public static TheoryData<string> Refusals => [.. ControllerTable.Refusals.Where(refusal => refusal.IsHere).Select(refusal => refusal.Name)];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Setting_Inside_IsWhatWasSet(string name)
    {
        var setting = ControllerTable.Settings.Single(setting => setting.Name == name);
        using var bundle = new ControlledBundle(setting.Resources);
        Assert.Equal(setting.Value, bundle.Output($"cat /sys/fs/cgroup/{setting.File}"));
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Setting_Impossible_IsAnErrorThatNamesItAndLeavesNothing(string name)
    {
        var refusal = ControllerTable.Refusals.Single(refusal => refusal.Name == name && refusal.IsHere);
        using var bundle = new ControlledBundle(refusal.Resources);
        var result = bundle.Run("echo ran");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains(refusal.Error, result.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, bundle.Bundle.Run("state", bundle.Bundle.Id).ExitCode);
    }

    [Fact]
    public void Pids_OneTooMany_IsRefused()
    {
        using var bundle = new ControlledBundle(new ResourcesSpec { Pids = new PidsSpec { Limit = 5 } });
        var result = bundle.Run("for i in 1 2 3 4 5 6 7 8; do sleep 30 & done; echo all");
        Assert.DoesNotContain("all", result.Output, StringComparison.Ordinal);
        Assert.Contains("fork", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("w", "written refused")]
    [InlineData("rw", "written refused")] // reading needs CAP_SYSLOG beside
    [InlineData("", "refused refused")]
    [InlineData("r", "refused refused")]
    public void Devices_Rule_DecidesEachAccess(string access, string expected)
    {
        var deny = new DeviceRuleSpec { Allow = false, Access = "rwm" };
        var allow = new DeviceRuleSpec { Allow = true, Type = "c", Major = 1, Minor = 11, Access = access };
        using var bundle = new ControlledBundle(new ResourcesSpec { Devices = access.Length == 0 ? [deny] : [deny, allow] });
        bundle.Bundle.Spec = bundle.Bundle.Spec with
        {
            Linux = bundle.Bundle.Spec.Linux! with { Devices = [new() { Path = "/dev/kernel-log", Type = "c", Major = 1, Minor = 11, FileMode = 0b110_110_110 }] },
        };
        Assert.Equal(
            expected,
            bundle.Output("(: > /dev/kernel-log) 2>/dev/null && printf 'written ' || printf 'refused '; (: < /dev/kernel-log) 2>/dev/null && echo read || echo refused"));
    }
}
