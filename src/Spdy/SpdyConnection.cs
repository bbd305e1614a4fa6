using System.Buffers.Binary;

namespace CriShim.Spdy;

/// <summary>
/// The server's side of a SPDY/3.1 connection, in which only the client opens streams.
/// Source: the SPDY Protocol, Draft 3.1 (chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1).
/// </summary>
public sealed class SpdyConnection : IDisposable
{
    internal const int SettingInitialWindow = 7;
    private const int SettingMaxStreams = 4;

    private readonly CancellationTokenSource _ended = new();
    private readonly Dictionary<int, SpdyStream> _streams = [];
    private readonly Lock _gate = new();
    private readonly Stream _transport;
    private readonly HeaderBlockWriter _headers = new();
    private int _uncredited;
    private string? _brokenOff;

    /// <param name="transport">Two-way; it stays the caller's.</param>
    public SpdyConnection(Stream transport, SpdyLimits limits)
    {
        _transport = transport;
        Limits = limits;
        Ended = _ended.Token;
        Budget = new ReceiveBudget(limits.MaxBufferedBytes);
        Output = new FrameOutput(transport, limits.MaxQueuedControlBytes, Ended);
    }

    /// <summary>Fires when the connection has ended.</summary>
    public CancellationToken Ended { get; }

    internal SpdyLimits Limits { get; }

    internal SendWindows Windows { get; } = new();

    internal ReceiveBudget Budget { get; }

    internal FrameOutput Output { get; }

    internal int StreamCount
    {
        get
        {
            lock (_gate)
            {
                return _streams.Count;
            }
        }
    }

    /// <summary>Reads frames until the client leaves or <paramref name="cancellationToken"/> fires.</summary>
    /// <param name="opened">Gets each new stream, to accept or reset it; must not wait.</param>
    /// <returns>What the client did wrong; null when nothing.</returns>
    public async Task<string?> RunAsync(Action<SpdyStream> opened, CancellationToken cancellationToken)
    {
        using var reader = new FrameReader(this, new FrameInput(_transport), opened);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Ended);
        try
        {
            SendSettings();
            await reader.RunAsync(stop.Token);
            return _brokenOff;
        }
        catch (SpdyException e)
        {
            await SayGoodbyeAsync(reader.LastStreamId);
            return e.Message;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return _brokenOff;
        }
        finally
        {
            await EndAsync();
        }
    }

    public void Dispose()
    {
        _ended.Dispose();
        Output.Dispose();
    }

    /// <summary>Adds a stream, unless there are too many.</summary>
    internal SpdyStream? Open(int id, IReadOnlyDictionary<string, string> headers, bool unidirectional)
    {
        lock (_gate)
        {
            if (_streams.Count >= Limits.MaxStreams)
            {
                return null;
            }

            var stream = new SpdyStream(this, id, headers, Windows.Open(), unidirectional);
            _streams.Add(id, stream);
            return stream;
        }
    }

    internal SpdyStream? Find(int id)
    {
        lock (_gate)
        {
            return _streams.GetValueOrDefault(id);
        }
    }

    /// <returns>Whether it was there.</returns>
    internal bool Remove(SpdyStream stream)
    {
        lock (_gate)
        {
            return _streams.Remove(stream.Id);
        }
    }

    internal void SetInitialWindow(uint size)
    {
        lock (_gate)
        {
            Windows.SetInitial(size, _streams.Values.Select(s => s.Window));
        }
    }

    internal void Reply(int streamId)
    {
        lock (_gate)
        {
            // Header blocks are one compressed stream: the order of making is the order of sending.
            var block = _headers.Empty();
            var frame = new byte[FrameHeader.Size + sizeof(int) + block.Length];
            FrameHeader.WriteControl(frame, FrameType.SynReply, FrameFlags.None, sizeof(int) + block.Length);
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(FrameHeader.Size), streamId);
            block.CopyTo(frame, FrameHeader.Size + sizeof(int));
            Send(frame);
        }
    }

    internal void SendReset(int streamId, ResetStatus status) => SendNumbers(FrameType.RstStream, streamId, (uint)status);

    internal void AnswerPing(uint id)
    {
        Span<byte> frame = stackalloc byte[FrameHeader.Size + sizeof(uint)];
        FrameHeader.WriteControl(frame, FrameType.Ping, FrameFlags.None, sizeof(uint));
        BinaryPrimitives.WriteUInt32BigEndian(frame[FrameHeader.Size..], id);
        Send(frame);
    }

    /// <summary>Gives the client windows back for what was consumed, or dropped.</summary>
    /// <param name="streamId">0: no stream's.</param>
    internal void Credit(int streamId, int streamBytes, int consumed)
    {
        Budget.Release(consumed);
        if (streamBytes > 0)
        {
            SendNumbers(FrameType.WindowUpdate, streamId, (uint)streamBytes);
        }

        CreditConnection(consumed);
    }

    /// <summary>Likewise of the connection alone, for bytes that were never held.</summary>
    internal void CreditConnection(int consumed)
    {
        var uncredited = Interlocked.Add(ref _uncredited, consumed);
        if (uncredited >= Limits.MaxBufferedBytes / 2 && Interlocked.CompareExchange(ref _uncredited, 0, uncredited) == uncredited)
        {
            SendNumbers(FrameType.WindowUpdate, 0, (uint)uncredited);
        }
    }

    /// <summary>Queues a control frame. A client that takes none loses the connection, whichever thread finds that: most are not the reader's.</summary>
    private void Send(ReadOnlySpan<byte> frame)
    {
        if (Output.TryEnqueue(frame))
        {
            return;
        }

        _brokenOff = "client does not read the answers to its frames";
        try
        {
            _ = _ended.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself just now.
        }
    }

    private void SendSettings()
    {
        Span<byte> frame = stackalloc byte[FrameHeader.Size + (5 * sizeof(int))];
        FrameHeader.WriteControl(frame, FrameType.Settings, FrameFlags.None, 5 * sizeof(int));
        ReadOnlySpan<int> numbers = [2, SettingMaxStreams, Limits.MaxStreams, SettingInitialWindow, Limits.StreamWindowBytes];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(frame[(FrameHeader.Size + (i * sizeof(int)))..], numbers[i]);
        }

        Send(frame);
        SendNumbers(FrameType.WindowUpdate, 0, (uint)Math.Max(1, Limits.MaxBufferedBytes - SendWindows.Default));
    }

    private void SendNumbers(FrameType type, int first, uint second)
    {
        Span<byte> frame = stackalloc byte[FrameHeader.Size + sizeof(int) + sizeof(uint)];
        FrameHeader.WriteControl(frame, type, FrameFlags.None, sizeof(int) + sizeof(uint));
        BinaryPrimitives.WriteInt32BigEndian(frame[FrameHeader.Size..], first);
        BinaryPrimitives.WriteUInt32BigEndian(frame[(FrameHeader.Size + sizeof(int))..], second);
        Send(frame);
    }

    /// <summary>GOAWAY, if the client takes it at once.</summary>
    private async Task SayGoodbyeAsync(int lastStreamId)
    {
        try
        {
            SendNumbers(FrameType.GoAway, lastStreamId, (uint)GoAwayStatus.ProtocolError);
            await Output.FlushAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(1));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or TimeoutException)
        {
            // It is the end either way.
        }
    }

    private async Task EndAsync()
    {
        Windows.CloseAll();
        List<SpdyStream> open;
        lock (_gate)
        {
            open = [.. _streams.Values];
            _streams.Clear();
        }

        var cause = new IOException("connection has ended");
        open.ForEach(stream => _ = stream.End(cause));
        await _ended.CancelAsync();
    }
}
