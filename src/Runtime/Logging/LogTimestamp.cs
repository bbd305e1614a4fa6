namespace CriShim.Runtime.Logging;

/// <summary>
/// RFC 3339 times in UTC with nine digits after the point (kubelet reads any number of them). By hand: it runs once a batch, and
/// .NET's formatter would bring its culture tables into every supervisor's memory.
/// </summary>
internal static class LogTimestamp
{
    /// <summary>Bytes of "2006-01-02T15:04:05.000000000Z".</summary>
    public const int Length = 30;

    private const int NanosecondsPerTick = 100;

    /// <param name="time">UTC.</param>
    public static void Format(DateTime time, Span<byte> text)
    {
        time.GetDate(out var year, out var month, out var day);
        Digits(text[..4], year);
        Digits(text.Slice(5, 2), month);
        Digits(text.Slice(8, 2), day);
        Digits(text.Slice(11, 2), time.Hour);
        Digits(text.Slice(14, 2), time.Minute);
        Digits(text.Slice(17, 2), time.Second);
        Digits(text.Slice(20, 9), (int)(time.Ticks % TimeSpan.TicksPerSecond) * NanosecondsPerTick);
        text[4] = text[7] = (byte)'-';
        text[10] = (byte)'T';
        text[13] = text[16] = (byte)':';
        text[19] = (byte)'.';
        text[29] = (byte)'Z';
    }

    private static void GetDate(this DateTime time, out int year, out int month, out int day) => (year, month, day) = DateOnly.FromDateTime(time);

    private static void Digits(Span<byte> text, int value)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = (byte)('0' + value % 10);
            value /= 10;
        }
    }
}
