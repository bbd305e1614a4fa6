using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V1;

/// <summary>
/// blkio of v1 (the kernel's Documentation/admin-guide/cgroup-v1/blkio-controller.rst). Weights exist only with an I/O scheduler that has
/// them: CFQ (until Linux 5.0) or BFQ.
/// </summary>
internal static class BlkioController
{
    public static void Apply(ControlFolder folder, BlockIoSpec io)
    {
        if (io.Weight is > 0)
        {
            folder.WriteEither("blkio.bfq.weight", "blkio.weight", io.Weight.Value.ToString());
        }

        if (io.LeafWeight is > 0)
        {
            folder.Write("blkio.leaf_weight", (ulong)io.LeafWeight.Value);
        }

        foreach (var device in io.WeightDevice ?? [])
        {
            ApplyDeviceWeight(folder, device);
        }

        ApplyThrottle(folder, "blkio.throttle.read_bps_device", io.ThrottleReadBpsDevice);
        ApplyThrottle(folder, "blkio.throttle.write_bps_device", io.ThrottleWriteBpsDevice);
        ApplyThrottle(folder, "blkio.throttle.read_iops_device", io.ThrottleReadIopsDevice);
        ApplyThrottle(folder, "blkio.throttle.write_iops_device", io.ThrottleWriteIopsDevice);
    }

    private static void ApplyDeviceWeight(ControlFolder folder, WeightDeviceSpec device)
    {
        if (device.Weight is > 0)
        {
            folder.WriteEither("blkio.bfq.weight_device", "blkio.weight_device", $"{device.Major}:{device.Minor} {device.Weight}");
        }

        if (device.LeafWeight is > 0)
        {
            folder.Write("blkio.leaf_weight_device", $"{device.Major}:{device.Minor} {device.LeafWeight}");
        }
    }

    private static void ApplyThrottle(ControlFolder folder, string file, IReadOnlyList<ThrottleDeviceSpec>? devices)
    {
        foreach (var device in devices ?? [])
        {
            folder.Write(file, $"{device.Major}:{device.Minor} {device.Rate}");
        }
    }
}
