using System.Buffers;

namespace CriShim.GrpcServer.Wire;

/// <summary>A growing array from the shared pool, with a limit. Give it back by Dispose.</summary>
/// <param name="capacityBytes">First guess; 0 when unknown.</param>
internal sealed class PooledBuffer(int capacityBytes) : IBufferWriter<byte>, IDisposable
{
    private const int MinimumCapacityBytes = 4096;

    private byte[] _array = ArrayPool<byte>.Shared.Rent(Math.Max(capacityBytes, MinimumCapacityBytes));

    public int WrittenBytes { get; private set; }

    public ReadOnlyMemory<byte> Written => _array.AsMemory(0, WrittenBytes);

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_array.Length - WrittenBytes), nameof(count));
        WrittenBytes += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsMemory(WrittenBytes);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsSpan(WrittenBytes);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        WrittenBytes = 0;
    }

    private void Reserve(int sizeHint)
    {
        var needed = checked(WrittenBytes + Math.Max(sizeHint, 1));
        if (needed <= _array.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max((long)needed, _array.Length * 2L), Array.MaxLength));
        Written.Span.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
