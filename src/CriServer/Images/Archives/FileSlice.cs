using CriShim.CriServer.Images.Layers;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Images.Archives;

/// <summary>A part of a file as a stream. Many slices can be read at the same time; none owns the file.</summary>
internal sealed class FileSlice(SafeFileHandle file, long offset, long length) : ReadOnlyStream
{
    private long _position;

    public override long Length => length;

    public override int Read(Span<byte> buffer)
    {
        var count = RandomAccess.Read(file, buffer[..(int)Math.Min(buffer.Length, length - _position)], offset + _position);
        _position += count;
        return count;
    }
}
