using CriShim.CriServer.Images.Layers;

namespace CriShim.CriServer.Containers.Dumps;

/// <summary>Writes until it is told to stop: then the next write throws. Does not own the stream behind it.</summary>
internal sealed class StoppableWriter(Stream output, CancellationToken stop) : WriteOnlyStream
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        stop.ThrowIfCancellationRequested();
        output.Write(buffer);
    }

    public override void Flush() => output.Flush();
}
