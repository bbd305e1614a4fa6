using static CriShim.Linux.LibC.Memory;

namespace CriShim.Linux;

/// <summary>
/// A buffer in a mapping of its own (mmap(2)): a page costs memory only once it was written, and <see cref="Discard"/> gives all pages
/// back while the buffer stays usable. The collector never moves nor scans it.
/// </summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    private nint _start;

    /// <param name="length">Bytes; all zero at first.</param>
    public NativeBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);

        // SAFETY: an anonymous mapping at an address of the kernel's choice touches no other memory.
        _start = mmap(null, (nuint)length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        Check.Result(_start == -1 ? -1 : 0, "mmap");
        Length = length;
    }

    public int Length { get; }

    /// <summary>Valid until <see cref="Dispose"/>.</summary>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start == 0, this);

            // SAFETY: the mapping is Length bytes long and still there.
            return new Span<byte>((void*)_start, Length);
        }
    }

    /// <summary>Frees the pages; the content reads as zero from now on.</summary>
    public void Discard() => Check.Result(madvise(_start, (nuint)Length, MADV_DONTNEED), "madvise");

    public void Dispose()
    {
        if (_start != 0)
        {
            Check.Result(munmap(_start, (nuint)Length), "munmap");
            _start = 0;
        }
    }
}
