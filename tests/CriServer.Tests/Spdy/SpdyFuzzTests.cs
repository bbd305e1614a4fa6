using System.Globalization;
using System.Net.WebSockets;
using CriShim.CriServer.Streaming.WebSockets;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Spdy;
using CriShim.TestKit.Streaming;

namespace CriShim.CriServer.Tests.Spdy;

/// <summary>
/// Mutated conversations against the SPDY and the WebSocket reader: whatever comes, they end by themselves and do not grow.
/// FUZZ_SECONDS sets the length of each (2 unless told), FUZZ_SEED repeats a run.
/// </summary>
public sealed class SpdyFuzzTests
{
    private static readonly TimeSpan s_length = TimeSpan.FromSeconds(Setting("FUZZ_SECONDS", 2));
    private static readonly int s_seed = Setting("FUZZ_SEED", Environment.TickCount);

    [Fact]
    public async Task Spdy_MutatedConversations_NeitherHangNorGrow()
    {
        var corpus = SpdyCorpus();
        await FuzzAsync(corpus, async bytes =>
        {
            using var connection = new SpdyConnection(new ScriptedStream(bytes), SpdyPair.Limits);
            var running = connection.RunAsync(stream => Consume(stream, connection), CancellationToken.None);
            await running.WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(0, connection.StreamCount);
        });
    }

    [Fact]
    public async Task WebSocket_MutatedConversations_NeitherHangNorGrow()
    {
        var corpus = WebSocketCorpus();
        await FuzzAsync(corpus, async bytes =>
        {
            using var socket = WebSocket.CreateFromStream(new ScriptedStream(bytes), isServer: true, null, Timeout.InfiniteTimeSpan);
            using var channels = new ChannelSocket(
                socket, bytes.Length % 2 == 0, hasCloseSignal: true, [ChannelMode.Input, ChannelMode.Output, ChannelMode.Both, ChannelMode.Unused]);
            var reading = ReadToEndAsync(channels[0]);
            var also = ReadToEndAsync(channels[2]);
            await channels.RunAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
            await Task.WhenAll(reading, also).WaitAsync(TimeSpan.FromSeconds(20));
        });
    }

    private static async Task FuzzAsync(List<byte[]> corpus, Func<byte[], Task> run)
    {
        var random = new Random(s_seed);
        var before = 0L;
        var runs = 0;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var input = Array.Empty<byte>();
        try
        {
            for (; clock.Elapsed < s_length; runs++)
            {
                input = Mutate(corpus[random.Next(corpus.Count)], random);
                await run(input);
                if (runs == 200)
                {
                    before = GC.GetTotalMemory(forceFullCollection: true);
                }
            }
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {s_seed}, run {runs}, input {Convert.ToHexString(input)}", e);
        }

        if (runs > 1000)
        {
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 16 * 1024 * 1024);
        }
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        var bytes = seed.ToList();
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)(random.Next(2) == 0 ? 0xff : random.Next(256));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at - 1));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }

            if (bytes.Count == 0)
            {
                bytes.Add(0x80);
            }
        }

        return [.. bytes];
    }

    private static List<byte[]> SpdyCorpus()
    {
        var first = Convert.FromHexString("00000001000000000000" + "78f9e3c6a7c202e50e703a2b294a4dcc851625acc525c03c81239902000000ffff");
        var second = Convert.FromHexString("00000003000000000000" + "02b219317400d3784a7e6909000000ffff");
        byte[] opened = [.. SpdyClient.Control(1, 0, first), .. SpdyClient.Control(1, 1, second)];
        byte[] data = [.. SpdyClient.Data(1, 0, new byte[3000]), .. SpdyClient.Data(1, 1, "end"u8)];
        byte[] control =
        [
            .. SpdyClient.Control(4, 0, [0, 0, 0, 1, 0, 0, 0, 7, 0, 1, 0, 0]), .. SpdyClient.Control(6, 0, [0, 0, 0, 1]),
            .. SpdyClient.Control(9, 0, [0, 0, 0, 1, 0, 0, 1, 0]), .. SpdyClient.Control(3, 0, [0, 0, 0, 3, 0, 0, 0, 5]),
            .. SpdyClient.Control(7, 0, new byte[8]),
        ];
        return [[.. opened, .. data], [.. opened, .. control, .. data], [.. control, .. opened], [.. opened, .. opened, .. data, .. control]];
    }

    /// <summary>Masked frames of a client: masks of zeros, so that mutations reach what they hide.</summary>
    private static List<byte[]> WebSocketCorpus()
    {
        static byte[] Frame(byte opcode, params byte[] payload) => [opcode, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];
        byte[] large = [0x82, 0xfe, 0x04, 0x01, 0, 0, 0, 0, .. new byte[0x401]];
        byte[] all = [.. Frame(0x82, 0, 1, 2, 3), .. Frame(0x82, 255, 0), .. Frame(0x89, 1), .. Frame(0x88, 3, 232)];
        byte[] text = [.. Frame(0x81, [.. "0aGVsbG8="u8]), .. Frame(0x01, [.. "2aGVs"u8]), .. Frame(0x80, [.. "bG8="u8]), .. Frame(0x88)];
        return [all, text, [.. large, .. all], [.. Frame(0x02, 2), .. Frame(0x00, 1, 2), .. Frame(0x80, 3), .. all]];
    }

    private static void Consume(SpdyStream stream, SpdyConnection connection)
    {
        stream.Accept();
        _ = Task.Run(async () =>
        {
            try
            {
                var buffer = new byte[1000];
                while (await stream.ReadAsync(buffer, connection.Ended) > 0)
                {
                    await stream.SendAsync(new byte[100], connection.Ended);
                }

                await stream.CompleteAsync();
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The end of the conversation
            }
        });
    }

    private static async Task ReadToEndAsync(SocketChannel channel)
    {
        try
        {
            var buffer = new byte[1000];
            while (await channel.ReadAsync(buffer, CancellationToken.None) > 0)
            {
            }
        }
        catch (IOException)
        {
            // The end of the conversation
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
