using CriShim.Cri.V1;
using CriShim.CriServer.Specs;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Tests.Specs;

public class SpecCapabilitiesTests
{
    private const int All = 41;
    private const int Default = 14;

    [Theory]
    [InlineData("", "", Default)]
    [InlineData("NET_ADMIN", "", Default + 1)]
    [InlineData("", "KILL", Default - 1)]
    [InlineData("KILL", "KILL", Default - 1)]
    [InlineData("ALL", "", All)]
    [InlineData("ALL", "SYS_ADMIN", All - 1)]
    [InlineData("", "ALL", 0)]
    [InlineData("SYS_TIME", "ALL", 1)]
    [InlineData("ALL", "ALL", 0)]
    public void Build_AddAndDrop_Count(string add, string drop, int expected) => Assert.Equal(expected, Build(add, drop).Bounding!.Count);

    [Theory]
    [InlineData("net_admin")]
    [InlineData("CAP_NET_ADMIN")]
    [InlineData("Cap_Net_Admin")]
    public void Build_AnySpelling_IsKnown(string name) => Assert.Contains("CAP_NET_ADMIN", Build(name, "").Effective!);

    [Theory]
    [InlineData("NET_ADMINS", "")]
    [InlineData("", "FOO")]
    [InlineData("CAP_", "")]
    public void Build_UnknownName_IsRefused(string add, string drop) => Assert.Contains("capability", Given.Refused(() => Build(add, drop)).Message);

    [Fact]
    public void Build_Always_InheritableIsEmpty() => Assert.Empty(Build("ALL", "").Inheritable!);

    [Fact]
    public void Build_HostLacksOne_IsNotGiven()
    {
        var inputs = Secured("ALL", "") with { Host = Given.Host with { Capabilities = new HashSet<string> { "CAP_KILL" } } };
        Assert.Equal(["CAP_KILL"], SpecCapabilities.Build(inputs).Permitted!);
    }

    [Fact]
    public void Build_Privileged_HasAllWhateverIsDropped()
    {
        var inputs = Given.Secured(new LinuxContainerSecurityContext { Privileged = true, Capabilities = new Capability { DropCapabilities = { "ALL" } } });
        Assert.Equal(All, SpecCapabilities.Build(inputs).Effective!.Count);
    }

    [Fact]
    public void Build_Ambient_IsAlsoInheritable()
    {
        var inputs = Given.Secured(new LinuxContainerSecurityContext { Capabilities = new Capability { AddAmbientCapabilities = { "chown" } } });
        var sets = SpecCapabilities.Build(inputs);
        Assert.Equal(["CAP_CHOWN"], sets.Ambient!);
        Assert.Equal(["CAP_CHOWN"], sets.Inheritable!);
    }

    [Fact]
    public void Build_AmbientThatIsNotHeld_IsRefused() => Given.Refused(() => SpecCapabilities.Build(
        Given.Secured(new LinuxContainerSecurityContext { Capabilities = new Capability { AddAmbientCapabilities = { "SYS_BOOT" } } })));

    [Fact]
    public void FromBits_LowestAndHighest_AreNamed() =>
        Assert.Equal(new HashSet<string> { "CAP_CHOWN", "CAP_CHECKPOINT_RESTORE" }, CapabilityNames.FromBits(1UL << 40 | 1));

    private static ContainerSpecInputs Secured(string add, string drop)
    {
        var capabilities = new Capability();
        capabilities.AddCapabilities.AddRange(add.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        capabilities.DropCapabilities.AddRange(drop.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return Given.Secured(new LinuxContainerSecurityContext { Capabilities = capabilities });
    }

    private static CapabilitiesSpec Build(string add, string drop) => SpecCapabilities.Build(Secured(add, drop));
}
