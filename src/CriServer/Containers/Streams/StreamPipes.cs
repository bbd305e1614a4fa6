using CriShim.CriServer.RuntimeClient;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Containers.Streams;

/// <summary>Pipes between this process and one in a container, or its supervisor, for those of the three streams that are asked for.</summary>
internal sealed class StreamPipes : IDisposable
{
    /// <summary>What a pipe may hold at most on a node's default settings (fs.pipe-max-size).</summary>
    public const int Capacity = 1024 * 1024;

    private readonly PipePair? _in;
    private readonly PipePair? _out;
    private readonly PipePair? _error;

    public StreamPipes(IoLoop io, bool stdin, bool stdout, bool stderr)
    {
        _in = stdin ? CreateLarge() : null;
        _out = stdout ? CreateLarge() : null;
        _error = stderr ? CreateLarge() : null;
        Stdin = _in is null ? null : new FdWriteStream(io, _in.Writer);
        Stdout = _out is null ? null : new FdReadStream(io, _out.Reader);
        Stderr = _error is null ? null : new FdReadStream(io, _error.Reader);
    }

    public FdWriteStream? Stdin { get; }

    public FdReadStream? Stdout { get; }

    public FdReadStream? Stderr { get; }

    /// <summary>The other process's ends, in the order 0, 1, 2; null where not asked for.</summary>
    public IReadOnlyList<SafeFileHandle?> OtherEnds => [_in?.Reader, _out?.Writer, _error?.Writer];

    /// <summary>Once the other process has them: otherwise the outputs would never end.</summary>
    public void CloseOtherEnds()
    {
        _in?.Reader.Dispose();
        _out?.Writer.Dispose();
        _error?.Writer.Dispose();
    }

    public void Dispose()
    {
        CloseOtherEnds();
        Stdin?.Dispose();
        Stdout?.Dispose();
        Stderr?.Dispose();
    }

    /// <summary>Where the kernel refuses, its default does.</summary>
    private static PipePair CreateLarge()
    {
        var pipe = PipePair.Create();
        pipe.TrySetCapacity(Capacity);
        return pipe;
    }
}
