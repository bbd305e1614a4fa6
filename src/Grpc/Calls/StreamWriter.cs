using CriShim.GrpcServer.Wire;
using Grpc.Core;

namespace CriShim.GrpcServer.Calls;

/// <summary>The responses of one streaming call. Its end, by Dispose, comes when the handler has returned.</summary>
internal sealed class StreamWriter<T>(HttpServerCallContext call, Marshaller<T> marshaller) : IServerStreamWriter<T>, IDisposable
{
    private const int Idle = 0;
    private const int Writing = 1;
    private const int Ended = 2;

    private MessageWriter? _writer;
    private int _state;

    public WriteOptions? WriteOptions
    {
        get => call.WriteOptions;
        set => call.WriteOptions = value;
    }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    /// <exception cref="InvalidOperationException">Another write is under way, or the handler has returned.</exception>
    /// <exception cref="OperationCanceledException">The client has gone, the deadline has passed, or the token fired.</exception>
    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Writing, Idle) is var state && state != Idle)
        {
            throw new InvalidOperationException(state == Ended ? "the call has ended" : "another write is under way");
        }

        try
        {
            call.CancellationToken.ThrowIfCancellationRequested();
            cancellationToken.ThrowIfCancellationRequested();
            using var linked = cancellationToken.CanBeCanceled
                ? CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken, cancellationToken)
                : null;
            var flags = WriteOptions?.Flags ?? WriteFlags.None;
            _writer ??= await call.StartResponseAsync();
            await _writer.WriteAsync(
                message,
                marshaller,
                flush: !flags.HasFlag(WriteFlags.BufferHint),
                compress: !flags.HasFlag(WriteFlags.NoCompress),
                linked?.Token ?? call.CancellationToken);
        }
        finally
        {
            Interlocked.CompareExchange(ref _state, Idle, Writing);
        }
    }

    public void Dispose() => Volatile.Write(ref _state, Ended);
}
