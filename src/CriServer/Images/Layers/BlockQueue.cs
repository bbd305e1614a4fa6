using System.Buffers;
using System.Collections.Concurrent;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// A bounded queue of byte blocks between two stages of a pipeline, one producer and one consumer. Blocks are rented and come back by
/// themselves; a stage that fails or is cancelled wakes the other.
/// </summary>
internal sealed class BlockQueue(int capacity, CancellationToken cancellation) : IByteSource, IDisposable
{
    public const int BlockBytes = 256 * 1024;

    private readonly SemaphoreSlim _free = new(capacity, capacity);
    private readonly SemaphoreSlim _filled = new(0);
    private readonly ConcurrentQueue<ArraySegment<byte>> _blocks = new();
    private byte[]? _lent;

    public static byte[] Rent() => ArrayPool<byte>.Shared.Rent(BlockBytes);

    /// <summary>Gives the block away; waits for a free place.</summary>
    public async ValueTask AddAsync(byte[] block, int count)
    {
        await _free.WaitAsync(cancellation);
        Enqueue(block, count);
    }

    /// <inheritdoc cref="AddAsync"/>
    public void Add(byte[] block, int count)
    {
        _free.Wait(cancellation);
        Enqueue(block, count);
    }

    /// <summary>No block follows. Not called by a stage that failed: what it gave would look whole.</summary>
    public void Complete()
    {
        _blocks.Enqueue(default);
        _filled.Release();
    }

    public ReadOnlyMemory<byte> Next()
    {
        if (_lent is not null)
        {
            ArrayPool<byte>.Shared.Return(_lent);
            _lent = null;
            _free.Release();
        }

        _filled.Wait(cancellation);
        _blocks.TryPeek(out var block);
        if (block.Array is null)
        {
            _filled.Release(); // the end stays the end
            return default;
        }

        _blocks.TryDequeue(out _);
        _lent = block.Array;
        return block;
    }

    public void Dispose()
    {
        _free.Dispose();
        _filled.Dispose();
    }

    private void Enqueue(byte[] block, int count)
    {
        _blocks.Enqueue(new ArraySegment<byte>(block, 0, count));
        _filled.Release();
    }
}
