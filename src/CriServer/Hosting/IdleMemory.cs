using System.Runtime;
using CriShim.Linux;

namespace CriShim.CriServer.Hosting;

/// <summary>Gives back memory that a start or a burst of work needed and the time after it does not.</summary>
internal sealed class IdleMemory : IDisposable
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(30);

    /// <summary>Less garbage is not worth the pause of some ms.</summary>
    private const long WorthwhileBytes = 8 * 1024 * 1024;

    private readonly ITimer _timer;
    private long _allocated;

    public IdleMemory(TimeProvider time) => _timer = time.CreateTimer(_ => ReleaseIfWorthwhile(), null, s_period, s_period);

    public void Release()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        OwnProcess.TrimHeap();
        _allocated = GC.GetTotalAllocatedBytes();
    }

    public void Dispose() => _timer.Dispose();

    private void ReleaseIfWorthwhile()
    {
        if (GC.GetTotalAllocatedBytes() - _allocated > WorthwhileBytes)
        {
            Release();
        }
    }
}
