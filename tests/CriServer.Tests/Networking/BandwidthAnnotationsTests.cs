using CriShim.CriServer.Errors;
using CriShim.CriServer.Networking;

namespace CriShim.CriServer.Tests.Networking;

public class BandwidthAnnotationsTests
{
    [Theory]
    [InlineData("10M", 10_000_000)]
    [InlineData("1.5k", 1_500)]
    [InlineData("1Mi", 1_048_576)]
    [InlineData("1000", 1_000)]
    [InlineData("1P", 1_000_000_000_000_000)]
    public void Parse_Quantity_IsBitsPerSecond(string text, long bits)
    {
        var limits = BandwidthAnnotations.Parse(new Dictionary<string, string> { ["kubernetes.io/egress-bandwidth"] = text });

        Assert.Equal(bits, limits.Egress);
        Assert.Null(limits.Ingress);
    }

    [Theory]
    [InlineData("")]
    [InlineData("fast")]
    [InlineData("-1M")]
    [InlineData("999")]
    [InlineData("2P")]
    [InlineData("1X")]
    [InlineData("99999999999999999999999999P")]
    public void Parse_NoBandwidth_Throws(string text)
    {
        var error = Assert.Throws<CriException>(
            () => BandwidthAnnotations.Parse(new Dictionary<string, string> { ["kubernetes.io/ingress-bandwidth"] = text }));

        Assert.Equal(CriErrorKind.InvalidArgument, error.Kind);
    }
}
