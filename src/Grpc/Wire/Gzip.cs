using System.Buffers;
using System.IO.Compression;
using Grpc.Core;

namespace CriShim.GrpcServer.Wire;

/// <summary>Messages with grpc-encoding gzip. Off the usual path: over a unix socket nobody compresses.</summary>
internal static class Gzip
{
    private const int StepBytes = 16 * 1024;

    /// <summary>Never holds more than <paramref name="limitBytes"/> and one step, however well the data was packed.</summary>
    /// <exception cref="RpcException">Not gzip, or too large when decompressed.</exception>
    public static PooledBuffer Decompress(ReadOnlySequence<byte> compressed, int limitBytes)
    {
        var result = new PooledBuffer(0);
        try
        {
            using var input = new PooledBuffer((int)compressed.Length);
            foreach (var segment in compressed)
            {
                input.Write(segment.Span);
            }

            System.Runtime.InteropServices.MemoryMarshal.TryGetArray(input.Written, out var array);
            using var gzip = new GZipStream(
                new MemoryStream(array.Array!, array.Offset, array.Count, writable: false), CompressionMode.Decompress);
            int read;
            while ((read = gzip.Read(result.GetSpan(StepBytes)[..StepBytes])) > 0)
            {
                result.Advance(read);
                if (result.WrittenBytes > limitBytes)
                {
                    throw new RpcException(WireErrors.DecompressedTooLarge(limitBytes));
                }
            }

            return result;
        }
        catch (InvalidDataException)
        {
            result.Dispose();
            throw new RpcException(WireErrors.BadCompressedData);
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    public static PooledBuffer Compress(ReadOnlySpan<byte> message)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(message);
        }

        var result = new PooledBuffer((int)stream.Length);
        result.Write(stream.GetBuffer().AsSpan(0, (int)stream.Length));
        return result;
    }
}
