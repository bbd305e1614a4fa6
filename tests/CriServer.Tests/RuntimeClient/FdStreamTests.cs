using CriShim.CriServer.RuntimeClient;
using CriShim.Linux;

namespace CriShim.CriServer.Tests.RuntimeClient;

public sealed class FdStreamTests : IDisposable
{
    private readonly IoLoop _io = new();
    private readonly PipePair _pipe = PipePair.Create();

    public void Dispose()
    {
        _io.Dispose();
        _pipe.Dispose();
    }

    [Fact]
    public async Task ReadAndWrite_MuchThroughAPipe_IsTheSame()
    {
        var data = new byte[8 << 20];
        Random.Shared.NextBytes(data);
        using var received = new MemoryStream();
        await using var reader = new FdReadStream(_io, _pipe.Reader);
        var reading = reader.CopyToAsync(received, 100_000);
        await using (var writer = new FdWriteStream(_io, _pipe.Writer))
        {
            for (var i = 0; i < data.Length; i += 1 << 16)
            {
                await writer.WriteAsync(data.AsMemory(i, 1 << 16));
            }
        }

        await reading.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(received.GetBuffer().AsSpan(0, (int)received.Length).SequenceEqual(data));
    }

    [Fact]
    public async Task Read_EmptyPipe_WaitsForTheWriter()
    {
        await using var reader = new FdReadStream(_io, _pipe.Reader);
        for (var i = 0; i < 3; i++)
        {
            var reading = reader.ReadAsync(new byte[10]).AsTask();
            await Task.Delay(20);
            Assert.False(reading.IsCompleted);
            Fd.WriteAll(_pipe.Writer, "abc"u8);
            Assert.Equal(3, await reading.WaitAsync(TimeSpan.FromSeconds(10)));
        }
    }

    [Fact]
    public async Task Read_Cancelled_EndsAndCanBeRepeated()
    {
        await using var reader = new FdReadStream(_io, _pipe.Reader);
        using var cancellation = new CancellationTokenSource(20);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.ReadAsync(new byte[10], cancellation.Token).AsTask());
        Fd.WriteAll(_pipe.Writer, "abc"u8);
        Assert.Equal(3, await reader.ReadAsync(new byte[10]));
    }

    [Fact]
    public async Task Read_Disposed_EndsTheWait()
    {
        var reader = new FdReadStream(_io, _pipe.Reader);
        var reading = reader.ReadAsync(new byte[10]).AsTask();
        await reader.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task EndWhenEmpty_WriterStaysOpen_EndsAfterWhatIsThere()
    {
        await using var reader = new FdReadStream(_io, _pipe.Reader);
        Fd.WriteAll(_pipe.Writer, "rest"u8);
        reader.EndWhenEmpty(1000);
        Assert.Equal(4, await reader.ReadAsync(new byte[10]));
        Assert.Equal(0, await reader.ReadAsync(new byte[10]));
    }

    [Fact]
    public async Task EndWhenEmpty_WhileWaiting_Ends()
    {
        await using var reader = new FdReadStream(_io, _pipe.Reader);
        var reading = reader.ReadAsync(new byte[10]).AsTask();
        await Task.Delay(20);
        reader.EndWhenEmpty(1000);
        Assert.Equal(0, await reading.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task EndWhenEmpty_WriterGoesOnForEver_EndsAfterItsAllowance()
    {
        await using var reader = new FdReadStream(_io, _pipe.Reader);
        reader.EndWhenEmpty(1000);
        Fd.WriteAll(_pipe.Writer, new byte[4000]);
        Assert.Equal(1000, await reader.ReadAsync(new byte[1000]));
        Assert.Equal(0, await reader.ReadAsync(new byte[1000]));
    }

    [Fact]
    public async Task Write_NobodyReads_IsThrownAway()
    {
        await using var writer = new FdWriteStream(_io, _pipe.Writer);
        var writing = writer.WriteAsync(new byte[1 << 20]).AsTask();
        await Task.Delay(20);
        Assert.False(writing.IsCompleted);
        _pipe.Reader.Dispose();
        await writing.WaitAsync(TimeSpan.FromSeconds(10));
        await writer.WriteAsync(new byte[1 << 20]);
    }
}
