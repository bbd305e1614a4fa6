using CriShim.Linux;

namespace CriShim.Runtime.Supervisor;

/// <summary>Gives memory back that the creation of a container needed and its supervision does not: a node has hundreds of supervisors.</summary>
internal static class IdleMemory
{
    public static void Release()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        OwnProcess.TrimHeap();
    }
}
