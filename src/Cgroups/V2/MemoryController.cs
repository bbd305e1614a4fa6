using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V2;

/// <summary>
/// memory of v2. The spec's swap is memory plus swap, the kernel's is swap alone. Kernel memory, swappiness and disabling the OOM killer
/// do not exist in v2 and are ignored. 0 is "not set".
/// </summary>
internal static class MemoryController
{
    private const string MaxFile = "memory.max";
    private const string SwapFile = "memory.swap.max";
    private const string Unlimited = "max";

    public static void Apply(ControlFolder folder, MemorySpec memory)
    {
        var limit = memory.Limit ?? 0;
        if (memory.CheckBeforeUpdate is true && limit > 0)
        {
            CheckUsage(folder, limit);
        }

        // Swap first: when memory.max falls, what does not fit goes to swap or to the OOM killer.
        if (SwapValue(folder, limit, memory.Swap ?? 0) is { } swap)
        {
            WriteSwap(folder, swap);
        }

        if (limit != 0)
        {
            folder.Write(MaxFile, Text(limit));
        }

        if (memory.Reservation is not (null or 0))
        {
            folder.Write("memory.low", Text(memory.Reservation.Value));
        }
    }

    private static string? SwapValue(ControlFolder folder, long limit, long swap)
    {
        switch (swap)
        {
            case 0:
                return limit == -1 ? Unlimited : null;
            case -1:
                return Unlimited;
        }

        if (limit == 0 && long.TryParse(folder.Read(MaxFile), out var current))
        {
            limit = current;
        }

        if (limit <= 0)
        {
            throw folder.Refused(SwapFile, swap.ToString(), Errno.EINVAL, "a limit of memory plus swap needs a limit of memory");
        }

        return swap >= limit
            ? (swap - limit).ToString()
            : throw folder.Refused(SwapFile, swap.ToString(), Errno.EINVAL, $"memory plus swap is below the memory limit {limit}");
    }

    // Without swap accounting the file is missing, and there is nothing to forbid or to leave unlimited.
    private static void WriteSwap(ControlFolder folder, string value)
    {
        if (value is "0" or Unlimited)
        {
            folder.WriteIfPresent(SwapFile, value);
        }
        else
        {
            folder.Write(SwapFile, value);
        }
    }

    private static void CheckUsage(ControlFolder folder, long limit)
    {
        if (ulong.TryParse(folder.Read("memory.current"), out var usage) && usage > (ulong)limit)
        {
            throw folder.Refused(MaxFile, limit.ToString(), Errno.EBUSY, $"in use: {usage} bytes");
        }
    }

    private static string Text(long bytes) => bytes < 0 ? Unlimited : bytes.ToString();
}
