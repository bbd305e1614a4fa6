using CriShim.CriServer.RuntimeClient;
using CriShim.Linux;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Tests.RuntimeClient;

public sealed class ControlConnectionTests : IDisposable
{
    private readonly IoLoop _io = new();
    private readonly ControlChannel _peer;
    private readonly ControlConnection _connection;
    private readonly TaskCompletionSource<ControlMessage> _event = new();

    public ControlConnectionTests()
    {
        var (ours, theirs) = SeqPacketSocket.CreatePair();
        _peer = new ControlChannel(theirs);
        _connection = new ControlConnection(new ControlChannel(ours), _io, _event.SetResult);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _peer.Dispose();
        _io.Dispose();
    }

    [Fact]
    public async Task CallAsync_RepliesOutOfOrder_FindTheirCalls()
    {
        var first = _connection.CallAsync(new StartRequest(), [], CancellationToken.None);
        var second = _connection.CallAsync(new ReopenLogRequest(), [], CancellationToken.None);
        var (a, b) = (Receive(), Receive());
        Send(new ErrorReply(new RuntimeError(RuntimeErrorKind.NotFound, "gone")) { Sequence = b.Sequence });
        Send(new OkReply { Sequence = a.Sequence });
        Assert.IsType<OkReply>((await first).Message);
        Assert.Equal("gone", (await Assert.ThrowsAsync<RuntimeException>(() => second)).Message);
    }

    [Fact]
    public async Task CallAsync_GivenUp_LateReplyIsDropped()
    {
        using var caller = new CancellationTokenSource();
        var call = _connection.CallAsync(new StartRequest(), [], caller.Token);
        var request = Receive();
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Send(new OkReply { Sequence = request.Sequence });
        var next = _connection.CallAsync(new StartRequest(), [], CancellationToken.None);
        Send(new OkReply { Sequence = Receive().Sequence });
        Assert.IsType<OkReply>((await next).Message);
    }

    [Fact]
    public async Task Event_Received_IsHandedOn()
    {
        Send(new ExitedEvent(new ExitRecord(1, 0, false, 2, 3)));
        Assert.Equal(1, Assert.IsType<ExitedEvent>(await _event.Task).Exit.ExitCode);
    }

    [Fact]
    public async Task PeerGone_CallsFailAsUnavailable()
    {
        var call = _connection.CallAsync(new StartRequest(), [], CancellationToken.None);
        _peer.Dispose();
        Assert.Equal(RuntimeErrorKind.Unavailable, (await Assert.ThrowsAsync<RuntimeException>(() => call)).Error.Kind);
        await _connection.Closed;
        var late = await Assert.ThrowsAsync<RuntimeException>(() => _connection.CallAsync(new StartRequest(), [], CancellationToken.None));
        Assert.Equal(RuntimeErrorKind.Unavailable, late.Error.Kind);
    }

    [Fact]
    public async Task Garbage_Received_EndsTheConnection()
    {
        _peer.Send("{\"type\":\"nonsense\"}"u8);
        await _connection.Closed;
    }

    private ControlMessage Receive() => ControlCodec.Decode(_peer.Receive()!.Bytes);

    private void Send(ControlMessage message) => _peer.Send(ControlCodec.Encode(message));
}
