using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Layers;

/// <summary>Writes stored data to the regions of a sparse file, in order.</summary>
internal sealed class SparseWriter(SafeFileHandle fd, IReadOnlyList<SparseRegion> regions)
{
    private int _region;
    private long _within;

    public void Write(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var region = regions[_region];
            var count = (int)Math.Min(data.Length, region.Length - _within);
            WriteAt(data[..count], region.Offset + _within);
            data = data[count..];
            _within += count;
            if (_within == region.Length)
            {
                _region++;
                _within = 0;
            }
        }
    }

    private void WriteAt(ReadOnlySpan<byte> data, long offset)
    {
        while (!data.IsEmpty)
        {
            var written = pwrite(fd, data, data.Length, offset);
            if (written < 0 && Check.LastErrno != Errno.EINTR)
            {
                throw new LinuxException(Check.LastErrno, "pwrite");
            }

            data = data[(int)Math.Max(written, 0)..];
            offset += Math.Max(written, 0);
        }
    }
}
