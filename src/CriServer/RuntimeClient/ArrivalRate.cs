using System.Diagnostics;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>Tells a stream that comes in many pieces fast, where waiting a little saves work, from one that somebody waits for.</summary>
internal sealed class ArrivalRate
{
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>Of pauses without a rest, before they count as fast.</summary>
    private const int ManyPauses = 8;

    private const int MuchBytes = 64 * 1024;

    private static readonly TimeSpan s_window = TimeSpan.FromMilliseconds(2);

    private long _windowBegin;
    private int _pauses;
    private long _bytes;
    private bool _fast;

    public void Add(int bytes) => _bytes += bytes;

    /// <summary>To be asked when there is nothing to read at the moment.</summary>
    public bool IsFastAtPause()
    {
        if (_fast)
        {
            // As long as a pause brings much.
            _fast = _bytes >= MuchBytes;
            BeginWindow();
            return _fast;
        }

        _pauses++;
        if (Stopwatch.GetElapsedTime(_windowBegin) > s_window)
        {
            _fast = false;
            BeginWindow();
        }
        else if (_pauses >= ManyPauses && _bytes >= MuchBytes)
        {
            _fast = true;
            BeginWindow();
        }

        return _fast;
    }

    private void BeginWindow()
    {
        _windowBegin = Stopwatch.GetTimestamp();
        _pauses = 0;
        _bytes = 0;
    }
}
