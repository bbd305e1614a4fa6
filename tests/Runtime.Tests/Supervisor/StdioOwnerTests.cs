using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Supervisor;

namespace CriShim.Runtime.Tests.Supervisor;

public sealed class StdioOwnerTests
{
    private static readonly IReadOnlyList<IdMapping> s_mappings =
    [
        new IdMapping { ContainerID = 0, HostID = 100000, Size = 1000 },
        new IdMapping { ContainerID = 1000, HostID = 5000, Size = 1 },
    ];

    [Theory]
    [InlineData(0u, 100000u)]
    [InlineData(999u, 100999u)]
    [InlineData(1000u, 5000u)]
    [InlineData(1001u, null)]
    [InlineData(uint.MaxValue, null)]
    public void HostId_Mapped_GivesTheIdOutside(uint inside, uint? outside) => Assert.Equal(outside, StdioOwner.HostId(inside, s_mappings));

    [Fact]
    public void HostId_NoMappings_IsTheSame()
    {
        Assert.Equal(7u, StdioOwner.HostId(7, null));
        Assert.Equal(7u, StdioOwner.HostId(7, []));
    }
}
