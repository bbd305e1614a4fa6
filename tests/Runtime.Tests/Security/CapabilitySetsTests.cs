using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Security;

namespace CriShim.Runtime.Tests.Security;

public sealed class CapabilitySetsTests
{
    private static readonly string[] s_two = ["CAP_CHOWN", "CAP_SYS_ADMIN"];

    [Theory]
    [InlineData("CAP_CHOWN", 0)]
    [InlineData("CAP_SYS_ADMIN", 21)]
    [InlineData("CAP_CHECKPOINT_RESTORE", 40)]
    public void Find_Name_IsTheKernelsBit(string name, int bit) => Assert.Equal(bit, CapabilityTable.Find(name));

    [Fact]
    public void ToMask_UnknownName_IsLeftOut() => Assert.Equal(1UL, CapabilityTable.ToMask(["CAP_CHOWN", "CAP_NONSENSE"]));

    [Fact]
    public void FromSpec_Null_IsNone() => Assert.Equal(new CapabilitySets(0, 0, 0, 0, 0), CapabilitySets.FromSpec(null, CapabilityTable.All));

    [Fact]
    public void FromSpec_CapabilityThatIsNotAvailable_IsLeftOut()
    {
        var spec = new CapabilitiesSpec { Bounding = s_two, Effective = s_two, Permitted = s_two };

        var sets = CapabilitySets.FromSpec(spec, available: 1);

        Assert.Equal(new CapabilitySets(1, 1, 1, 0, 0), sets);
    }

    [Fact]
    public void FromSpec_AmbientWithoutInheritable_IsLeftOut()
    {
        var spec = new CapabilitiesSpec { Permitted = s_two, Ambient = s_two };

        Assert.Equal(0UL, CapabilitySets.FromSpec(spec, CapabilityTable.All).Ambient);
    }
}
