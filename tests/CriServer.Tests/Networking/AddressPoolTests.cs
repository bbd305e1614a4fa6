using System.Net;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Networking.Bridge;
using CriShim.Linux.Netlink;

namespace CriShim.CriServer.Tests.Networking;

public class AddressPoolTests
{
    [Fact]
    public void Take_FreshPool_StartsAfterTheGateway()
    {
        var pool = new AddressPool(IPNetwork.Parse("10.88.0.0/16"));

        Assert.Equal("10.88.0.1", pool.Gateway.ToString());
        Assert.Equal("10.88.0.2", pool.Take().ToString());
        Assert.Equal("10.88.0.3", pool.Take().ToString());
    }

    [Fact]
    public void Take_AfterRelease_LetsTheAddressRest()
    {
        var pool = new AddressPool(IPNetwork.Parse("10.88.0.0/29"));
        var first = pool.Take();
        pool.Release(first);

        Assert.Equal("10.88.0.3", pool.Take().ToString());
    }

    [Fact]
    public void Take_AllTaken_ThrowsAndWorksAgainAfterRelease()
    {
        var pool = new AddressPool(IPNetwork.Parse("10.88.0.0/29"));
        var taken = Enumerable.Range(0, 5).Select(_ => pool.Take().ToString()).ToList();

        Assert.Equal(["10.88.0.2", "10.88.0.3", "10.88.0.4", "10.88.0.5", "10.88.0.6"], taken);
        Assert.Equal(CriErrorKind.ResourceExhausted, Assert.Throws<CriException>(pool.Take).Kind);
        pool.Release(IPAddress.Parse("10.88.0.4"));
        Assert.Equal("10.88.0.4", pool.Take().ToString());
    }

    [Fact]
    public void Restore_RecordedAddress_IsNotGivenAgain()
    {
        var pool = new AddressPool(IPNetwork.Parse("10.88.0.0/29"));
        pool.Restore(IPAddress.Parse("10.88.0.6"));
        pool.Restore(IPAddress.Parse("192.168.0.1"));

        Assert.Equal("10.88.0.2", pool.Take().ToString());
        Assert.Equal(4, Enumerable.Range(0, 3).Select(_ => pool.Take()).Append(IPAddress.Parse("10.88.0.6")).Distinct().Count());
        Assert.Throws<CriException>(pool.Take);
    }

    [Fact]
    public void Take_Ipv6_CountsFromThePrefix()
    {
        var pool = new AddressPool(IPNetwork.Parse("fd00:88::/64"));

        Assert.Equal("fd00:88::1", pool.Gateway.ToString());
        Assert.Equal("fd00:88::2", pool.Take().ToString());
    }

    [Fact]
    public void Constructor_NoRoom_Throws() => Assert.Throws<ArgumentException>(() => new AddressPool(IPNetwork.Parse("10.0.0.0/31")));

    [Fact]
    public void Choose_RoutesInTheWay_TakesTheFirstFreeOne()
    {
        NetworkRoute[] routes =
        [
            new(IPAddress.Any, 0, 2),
            new(IPAddress.Parse("10.88.4.0"), 24, 3),
            new(IPAddress.Parse("10.88.0.0"), 15, 3),
            new(IPAddress.Parse("10.90.1.1"), 32, 3),
        ];

        Assert.Equal("10.91.0.0/16", SubnetChoice.Choose(routes).ToString());
    }

    [Fact]
    public void Choose_EverythingTaken_Throws() => Assert.Equal(
        CriErrorKind.FailedPrecondition,
        Assert.Throws<CriException>(() => SubnetChoice.Choose([new(IPAddress.Any, 1, 1), new(IPAddress.Parse("128.0.0.0"), 1, 1)])).Kind);
}
