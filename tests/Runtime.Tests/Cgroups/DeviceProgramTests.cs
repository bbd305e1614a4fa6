using System.Runtime.InteropServices;
using CriShim.Cgroups;
using CriShim.Cgroups.Devices;
using CriShim.Cgroups.V2;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Tests.Fakes;

namespace CriShim.Runtime.Tests.Cgroups;

public sealed class DeviceProgramTests
{
    private static readonly DeviceRuleSpec s_denyAll = new() { Allow = false, Access = "rwm" };

    [Fact]
    public void Build_NoRules_ReturnsZero()
    {
        var bytes = MemoryMarshal.AsBytes(DeviceProgram.Build([]).AsSpan()).ToArray();
        Assert.Equal(8 * 8, bytes.Length);
        Assert.Equal("6112000000000000", Convert.ToHexString(bytes, 0, 8)); // r2 = *(u32 *)(r1 + 0)
        Assert.Equal("B400000000000000", Convert.ToHexString(bytes, 48, 8)); // w0 = 0
        Assert.Equal("9500000000000000", Convert.ToHexString(bytes, 56, 8)); // exit
    }

    [Fact]
    public void Build_EverythingAllowedLast_HasNothingBehindIt()
    {
        var program = DeviceProgram.Build([new(false, 'c', 1, 3, DeviceAccess.All), new(true, 'a', DeviceRule.Any, DeviceRule.Any, DeviceAccess.All)]);
        Assert.Equal(8, program.Length);
        Assert.True(DeviceProgramMachine.Allows(program, 'c', 1, 3, "rwm"));
    }

    [Theory]
    [InlineData('c', 1, 3, "rw", true)] // null
    [InlineData('c', 136, 7, "rw", true)] // pts/7
    [InlineData('c', 1, 1, "r", false)] // mem
    [InlineData('b', 8, 0, "r", false)]
    [InlineData('b', 8, 0, "m", true)]
    [InlineData('b', 8, 0, "rm", false)]
    [InlineData('c', 10, 229, "r", true)]
    [InlineData('c', 10, 229, "w", false)]
    [InlineData('b', 10, 229, "r", false)]
    public void Build_DenyAllThenSome_DecidesAsTheListSays(char type, uint major, uint minor, string access, bool allowed)
    {
        var rules = DeviceRule.FromSpec([s_denyAll, new DeviceRuleSpec { Allow = true, Type = "c", Major = 10, Minor = 229, Access = "r" }]);
        Assert.Equal(allowed, DeviceProgramMachine.Allows(DeviceProgram.Build(rules), type, major, minor, access));
    }

    [Fact]
    public void Build_LaterDeny_WinsForItsAccessAlone()
    {
        var program = DeviceProgram.Build([new(true, 'c', 10, DeviceRule.Any, DeviceAccess.All), new(false, 'c', 10, 5, DeviceAccess.Write)]);
        Assert.True(DeviceProgramMachine.Allows(program, 'c', 10, 5, "r"));
        Assert.False(DeviceProgramMachine.Allows(program, 'c', 10, 5, "rw"));
        Assert.True(DeviceProgramMachine.Allows(program, 'c', 10, 6, "rw"));
    }

    [Fact]
    public void Build_AccessAllowedByTwoRules_IsAllowed()
    {
        var program = DeviceProgram.Build([new(true, 'c', 10, 5, DeviceAccess.Read), new(true, 'c', 10, 5, DeviceAccess.Write)]);
        Assert.True(DeviceProgramMachine.Allows(program, 'c', 10, 5, "rw"));
    }

    [Theory]
    [InlineData("x", null, null)]
    [InlineData("c", "rx", null)]
    [InlineData("c", "r", -2L)]
    public void FromSpec_NotARule_Throws(string type, string? access, long? major) =>
        Assert.Throws<CgroupException>(() => DeviceRule.FromSpec([new DeviceRuleSpec { Allow = true, Type = type, Access = access, Major = major }]));

    [Fact]
    public void List_AllowThenDenyTheSame_HasNoException()
    {
        var list = DeviceList.FromRules([
            new(false, 'a', DeviceRule.Any, DeviceRule.Any, DeviceAccess.All),
            new(true, 'c', 10, 5, DeviceAccess.All),
            new(false, 'c', 10, 5, DeviceAccess.Read | DeviceAccess.Write),
        ]);
        Assert.Equal(["c 10:5 m"], list.Exceptions());
    }

    [Fact]
    public void Parse_EverythingAllowed_IsTheDefault() => Assert.True(DeviceList.Parse("a *:* rwm\n").AllowedByDefault);
}
