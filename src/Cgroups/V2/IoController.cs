using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V2;

/// <summary>io of v2. Leaf weights do not exist in v2 and are ignored.</summary>
internal static class IoController
{
    private const string BfqWeightFile = "io.bfq.weight";
    private const string MaxFile = "io.max";

    public static void Apply(ControlFolder folder, BlockIoSpec io)
    {
        if (io.Weight is > 0)
        {
            ApplyWeight(folder, io.Weight.Value);
        }

        foreach (var device in io.WeightDevice ?? [])
        {
            if (device.Weight is > 0)
            {
                folder.Write(BfqWeightFile, $"{device.Major}:{device.Minor} {device.Weight}");
            }
        }

        ApplyThrottle(folder, "rbps", io.ThrottleReadBpsDevice);
        ApplyThrottle(folder, "wbps", io.ThrottleWriteBpsDevice);
        ApplyThrottle(folder, "riops", io.ThrottleReadIopsDevice);
        ApplyThrottle(folder, "wiops", io.ThrottleWriteIopsDevice);
    }

    /// <summary>The spec's weight (10 to 1000) as io.weight's (1 to 10000), linear.</summary>
    public static ulong Weight(ushort weight) => 1 + ((ulong)(Math.Clamp(weight, (ushort)10, (ushort)1000) - 10) * 9999 / 990);

    // BFQ has the spec's own scale; io.weight is of the cost model (iocost).
    private static void ApplyWeight(ControlFolder folder, ushort weight)
    {
        var errno = folder.TryWrite(BfqWeightFile, weight.ToString());
        if (errno == Errno.ENOENT)
        {
            folder.Write("io.weight", Weight(weight));
        }
        else if (errno != Errno.None)
        {
            throw folder.Refused(BfqWeightFile, weight.ToString(), errno);
        }
    }

    private static void ApplyThrottle(ControlFolder folder, string key, IReadOnlyList<ThrottleDeviceSpec>? devices)
    {
        foreach (var device in devices ?? [])
        {
            folder.Write(MaxFile, $"{device.Major}:{device.Minor} {key}={device.Rate}");
        }
    }
}
