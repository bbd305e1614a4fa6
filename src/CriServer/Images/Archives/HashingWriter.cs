using System.Security.Cryptography;
using CriShim.CriServer.Images.Layers;

namespace CriShim.CriServer.Images.Archives;

/// <summary>Hashes what is written through it. Does not own the stream behind it.</summary>
internal sealed class HashingWriter(Stream output, IncrementalHash hash) : WriteOnlyStream
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        hash.AppendData(buffer);
        output.Write(buffer);
    }

    public override void Flush() => output.Flush();
}
