using System.Text;
using CriShim.TestKit;

namespace CriShim.E2e.Streams;

/// <summary>Reads the streams of a process, bounded in time.</summary>
internal static class StreamReading
{
    private static readonly TimeSpan s_limit = Patience.Seconds(20);

    /// <summary>All that comes until the end.</summary>
    public static async Task<byte[]> ReadAllAsync(this Stream? stream)
    {
        using var limit = new CancellationTokenSource(s_limit);
        using var all = new MemoryStream();
        await stream!.CopyToAsync(all, limit.Token);
        return all.ToArray();
    }

    public static async Task<string> ReadTextAsync(this Stream? stream) => Encoding.UTF8.GetString(await stream.ReadAllAsync());

    /// <summary>What comes until <paramref name="text"/> was among it.</summary>
    public static async Task<string> ReadUntilAsync(this Stream? stream, string text)
    {
        using var limit = new CancellationTokenSource(s_limit);
        var read = new StringBuilder();
        var buffer = new byte[4096];
        while (!read.ToString().Contains(text, StringComparison.Ordinal))
        {
            var count = await stream!.ReadAsync(buffer, limit.Token);
            Assert.True(count > 0, $"the stream ended before \"{text}\": {read}");
            read.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return read.ToString();
    }

    public static async Task WriteTextAsync(this Stream? stream, string text)
    {
        using var limit = new CancellationTokenSource(s_limit);
        await stream!.WriteAsync(Encoding.UTF8.GetBytes(text), limit.Token);
    }
}
