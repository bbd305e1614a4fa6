using CriShim.Linux;

namespace CriShim.CriServer.Images.Layers;

/// <summary>All frames of a compressed source, one after the other, as one stream to read.</summary>
internal sealed class DecoderStream(SourceStream source, IFrameDecoder decoder) : ReadOnlyStream
{
    private bool _between = true;

    /// <exception cref="InvalidDataException">The data is wrong, or ends within a frame.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            var input = source.Peek();
            if (_between && (input.IsEmpty || !decoder.TryStart(input[0])))
            {
                return 0;
            }

            var step = decoder.Decode(input, buffer);
            source.Advance(step.Consumed);
            _between = step.Ended;
            if (step.Written > 0)
            {
                return step.Written;
            }

            if (input.IsEmpty && !step.Ended)
            {
                throw new InvalidDataException("it ends too early");
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        decoder.Dispose();
        base.Dispose(disposing);
    }
}
