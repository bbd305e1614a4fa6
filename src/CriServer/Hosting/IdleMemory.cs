using System.Runtime;
using CriShim.Linux;

namespace CriShim.CriServer.Hosting;

/// <summary>Gives memory back that the start needed and the service does not.</summary>
internal static class IdleMemory
{
    public static void Release()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        OwnProcess.TrimHeap();
    }
}
