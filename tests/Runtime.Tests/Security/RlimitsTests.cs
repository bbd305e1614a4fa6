using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Security;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Tests.Security;

public sealed class RlimitsTests
{
    private static readonly rlimit_t s_current = new() { rlim_cur = 100, rlim_max = 1000 };

    [Theory]
    [InlineData(2000, 2000, true, 2000, 2000)]
    [InlineData(2000, 2000, false, 1000, 1000)]
    [InlineData(500, 2000, false, 500, 1000)]
    [InlineData(10, 20, false, 10, 20)]
    public void Clamp_Limit_RisesOnlyWherePermitted(ulong soft, ulong hard, bool mayRaise, ulong expectedSoft, ulong expectedHard)
    {
        var limit = Rlimits.Clamp(new RlimitSpec { Type = "RLIMIT_NOFILE", Soft = soft, Hard = hard }, s_current, mayRaise);

        Assert.Equal((expectedSoft, expectedHard), (limit.rlim_cur, limit.rlim_max));
    }
}
