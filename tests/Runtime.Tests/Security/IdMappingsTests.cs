using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Security;

namespace CriShim.Runtime.Tests.Security;

public sealed class IdMappingsTests
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
    public void ToHost_Mapped_GivesTheIdOutside(uint inside, uint? outside) => Assert.Equal(outside, IdMappings.ToHost(inside, s_mappings));

    [Fact]
    public void ToHost_NoMappings_IsTheSame()
    {
        Assert.Equal(7u, IdMappings.ToHost(7, null));
        Assert.Equal(7u, IdMappings.ToHost(7, []));
    }
}
