using System.Diagnostics;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Spdy;
using CriShim.TestKit.Streaming;
using Xunit.Abstractions;

namespace CriShim.CriServer.Tests.Streaming;

/// <summary>How fast a process's output reaches a client on loopback. The bound is far below what an idle machine reaches, which is printed.</summary>
public sealed class ThroughputTests(ITestOutputHelper output)
{
    private const long Total = 512L * 1024 * 1024;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Exec_BigOutput_IsFast(bool webSocket)
    {
        await using var world = await StreamingWorld.StartAsync();
        using var connection = webSocket
            ? await UpgradedConnection.WebSocketAsync(world.CommandUrl("o"), "v5.channel.k8s.io")
            : await UpgradedConnection.SpdyAsync(world.CommandUrl("o"), "v4.channel.k8s.io");
        if (!webSocket)
        {
            await connection.Stream.WriteAsync((byte[])[.. Open(1, "error"), .. Open(3, "stdout")]);
        }

        var process = await world.Containers.NextProcessAsync();
        var printing = PrintAsync(process);
        var buffer = new byte[1024 * 1024];
        var clock = Stopwatch.StartNew();
        for (var received = 0L; received < Total;)
        {
            received += await connection.Stream.ReadAsync(buffer);
        }

        var rate = Total / clock.Elapsed.TotalSeconds / 1e6;
        output.WriteLine($"{rate:F0} MB/s");
        Assert.InRange(rate, 30, double.MaxValue);
        process.CloseOutput();
        await printing;
    }

    private static async Task PrintAsync(FakeProcess process)
    {
        var piece = new byte[128 * 1024];
        for (var printed = 0L; printed < Total; printed += piece.Length)
        {
            await process.WritesStdout.WriteAsync(piece);
        }
    }

    /// <summary>SYN_STREAM with one header, in a zlib stream without compression that begins with stream 1.</summary>
    private static byte[] Open(byte id, string type)
    {
        byte[] pairs = [0, 0, 0, 1, 0, 0, 0, 10, .. "streamtype"u8, 0, 0, 0, (byte)type.Length, .. System.Text.Encoding.ASCII.GetBytes(type)];
        byte[] begin = id == 1 ? [0x78, 0x01] : [];
        return SpdyClient.Control(1, 0, [0, 0, 0, id, 0, 0, 0, 0, 0, 0, .. begin, .. StoredBlock.Of(pairs), .. StoredBlock.Of([])]);
    }
}
