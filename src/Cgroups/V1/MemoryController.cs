using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V1;

/// <summary>
/// memory of v1 (the kernel's Documentation/admin-guide/cgroup-v1/memory.rst). Kernel memory limits are ignored: the kernel has dropped
/// them. 0 is "not set".
/// </summary>
internal static class MemoryController
{
    private const string LimitFile = "memory.limit_in_bytes";
    private const string SwapFile = "memory.memsw.limit_in_bytes";
    private const string UsageFile = "memory.usage_in_bytes";
    private const ulong HighestSwappiness = 100;

    /// <param name="inUse">True when the group has limits already: the order of the writes then depends on them.</param>
    public static void Apply(ControlFolder folder, MemorySpec memory, bool inUse)
    {
        ApplyLimits(folder, memory, inUse);
        if (memory.Reservation is not (null or 0))
        {
            folder.Write("memory.soft_limit_in_bytes", memory.Reservation.Value);
        }

        if (memory.Swappiness is { } swappiness)
        {
            if (swappiness > HighestSwappiness)
            {
                throw folder.Refused("memory.swappiness", swappiness.ToString(), Errno.EINVAL, "0 to 100");
            }

            folder.Write("memory.swappiness", swappiness);
        }

        if (memory.DisableOOMKiller is true || (inUse && memory.DisableOOMKiller is false))
        {
            folder.Write("memory.oom_control", memory.DisableOOMKiller.Value ? "1" : "0");
        }
    }

    // The kernel holds limit <= memory plus swap at every moment. A new sum at or above the old limit can go first;
    // below it, the limit must come down first.
    private static void ApplyLimits(ControlFolder folder, MemorySpec memory, bool inUse)
    {
        var limit = memory.Limit ?? 0;
        var swap = memory.Swap ?? 0;
        if (memory.CheckBeforeUpdate is true && limit > 0)
        {
            CheckUsage(folder, limit);
        }

        if (limit == -1 && swap == 0 && inUse)
        {
            // An unlimited memory with a limited sum would still be limited.
            folder.WriteIfPresent(SwapFile, "-1");
        }

        if (swap != 0 && inUse && (swap == -1 || SwapGoesFirst(folder, swap)))
        {
            folder.Write(SwapFile, swap);
            WriteLimit(folder, limit);
            return;
        }

        WriteLimit(folder, limit);
        if (swap != 0)
        {
            folder.Write(SwapFile, swap);
        }
    }

    private static bool SwapGoesFirst(ControlFolder folder, long swap) =>
        ulong.TryParse(folder.Read(LimitFile), out var current) && (ulong)swap >= current;

    private static void WriteLimit(ControlFolder folder, long limit)
    {
        if (limit == 0)
        {
            return;
        }

        var value = limit.ToString();
        switch (folder.TryWrite(LimitFile, value))
        {
            case Errno.None:
                break;
            case Errno.EBUSY:
                throw folder.Refused(LimitFile, value, Errno.EBUSY, $"in use: {folder.Read(UsageFile)} bytes");
            case var errno:
                throw folder.Refused(LimitFile, value, errno);
        }
    }

    private static void CheckUsage(ControlFolder folder, long limit)
    {
        if (ulong.TryParse(folder.Read(UsageFile), out var usage) && usage > (ulong)limit)
        {
            throw folder.Refused(LimitFile, limit.ToString(), Errno.EBUSY, $"in use: {usage} bytes");
        }
    }
}
