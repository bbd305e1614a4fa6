using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace CriShim.GrpcServer.Tests.Fixtures;

/// <summary>Messages with their five bytes in front.</summary>
internal static class Frames
{
    public static byte[] Message(string text) => Message(Encoding.UTF8.GetBytes(text));

    public static byte[] Message(byte[] payload, byte compressed = 0)
    {
        var frame = new byte[5 + payload.Length];
        frame[0] = compressed;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)payload.Length);
        payload.CopyTo(frame, 5);
        return frame;
    }

    public static byte[] Gzip(byte[] payload)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal))
        {
            gzip.Write(payload);
        }

        return stream.ToArray();
    }

    public static string Gunzip(byte[] compressed)
    {
        using var reader = new StreamReader(new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    public static IReadOnlyList<(byte Compressed, byte[] Payload)> Split(byte[] body)
    {
        var frames = new List<(byte, byte[])>();
        for (var rest = body.AsSpan(); !rest.IsEmpty;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest[1..]);
            frames.Add((rest[0], rest.Slice(5, length).ToArray()));
            rest = rest[(5 + length)..];
        }

        return frames;
    }
}
