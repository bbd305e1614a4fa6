using System.Buffers;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// A bounded queue of byte blocks between two stages of a pipeline, one producer and one consumer. Blocks are rented and come back by
/// themselves; a stage that fails or is cancelled wakes the other. Waiting threads sleep: semaphores would spin first, and take the
/// processor from the very stage that is waited for.
/// </summary>
internal sealed class BlockQueue : IByteSource, IDisposable
{
    public const int BlockBytes = 256 * 1024;

    private readonly object _gate = new();
    private readonly Queue<ArraySegment<byte>> _blocks = new();
    private readonly int _capacity;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _registration;
    private TaskCompletionSource? _waitingProducer;
    private byte[]? _lent;
    private bool _completed;

    public BlockQueue(int capacity, CancellationToken cancellation)
    {
        _capacity = capacity;
        _cancellation = cancellation;
        _registration = cancellation.Register(Wake);
    }

    private bool IsFull => _blocks.Count >= _capacity && !_cancellation.IsCancellationRequested;

    public static byte[] Rent() => ArrayPool<byte>.Shared.Rent(BlockBytes);

    /// <summary>Gives the block away; waits for a free place.</summary>
    public async ValueTask AddAsync(byte[] block, int count)
    {
        while (!TryAdd(block, count, out var space))
        {
            await space;
        }
    }

    /// <inheritdoc cref="AddAsync"/>
    public void Add(byte[] block, int count)
    {
        lock (_gate)
        {
            while (IsFull)
            {
                Monitor.Wait(_gate);
            }

            Enqueue(block, count);
        }
    }

    /// <summary>No block follows. Not called by a stage that failed: what it gave would look whole.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            Monitor.PulseAll(_gate);
        }
    }

    public ReadOnlyMemory<byte> Next()
    {
        lock (_gate)
        {
            Return(ref _lent);
            while (_blocks.Count == 0 && !_completed && !_cancellation.IsCancellationRequested)
            {
                Monitor.Wait(_gate);
            }

            _cancellation.ThrowIfCancellationRequested();
            if (!_blocks.TryDequeue(out var block))
            {
                return default;
            }

            _lent = block.Array;
            WakeLocked();
            return block;
        }
    }

    /// <summary>Both stages have ended.</summary>
    public void Dispose()
    {
        _registration.Dispose();
        Return(ref _lent);
        while (_blocks.TryDequeue(out var block))
        {
            ArrayPool<byte>.Shared.Return(block.Array!);
        }
    }

    private bool TryAdd(byte[] block, int count, out Task space)
    {
        lock (_gate)
        {
            if (IsFull)
            {
                _waitingProducer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                space = _waitingProducer.Task;
                return false;
            }

            space = Task.CompletedTask;
            Enqueue(block, count);
            return true;
        }
    }

    private void Enqueue(byte[] block, int count)
    {
        _cancellation.ThrowIfCancellationRequested();
        _blocks.Enqueue(new ArraySegment<byte>(block, 0, count));
        Monitor.PulseAll(_gate);
    }

    private void Wake()
    {
        lock (_gate)
        {
            WakeLocked();
        }
    }

    private void WakeLocked()
    {
        Monitor.PulseAll(_gate);
        _waitingProducer?.TrySetResult();
        _waitingProducer = null;
    }

    private static void Return(ref byte[]? block)
    {
        if (block is not null)
        {
            ArrayPool<byte>.Shared.Return(block);
            block = null;
        }
    }
}
