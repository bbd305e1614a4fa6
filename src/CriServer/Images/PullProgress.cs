using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images;

/// <summary>How far one layer of a pull is.</summary>
internal enum LayerStage
{
    Waiting,
    Downloading,

    /// <summary>All bytes came; the last of them are being unpacked.</summary>
    Unpacking,
    Done,

    /// <summary>Was there before the pull.</summary>
    Present,
}

/// <summary>Where a pull is. The pull writes it; who watches reads it when it likes, from any thread.</summary>
internal sealed class PullProgress
{
    private volatile string _stage = "waiting for other pulls to end";
    private volatile IReadOnlyList<LayerProgress> _layers = [];

    /// <summary>"resolving the name", "fetching layers": fits after "while".</summary>
    public string Stage
    {
        get => _stage;
        set => _stage = value;
    }

    /// <summary>Lowest first; empty until the manifest is known.</summary>
    public IReadOnlyList<LayerProgress> Layers
    {
        get => _layers;
        set => _layers = value;
    }

    /// <summary>The layer with this digest of its blob, if it is one.</summary>
    public LayerProgress? Find(Digest digest) => _layers.FirstOrDefault(l => l.Digest == digest);
}

/// <summary>One layer of a pull.</summary>
/// <param name="digest">Of the blob as the registry has it.</param>
/// <param name="totalBytes">Of the blob.</param>
internal sealed class LayerProgress(Digest digest, long totalBytes)
{
    private long _receivedBytes;
    private volatile LayerStage _stage;

    public Digest Digest => digest;

    public long TotalBytes => totalBytes;

    /// <summary>Goes back to 0 when a download begins again with another host.</summary>
    public long ReceivedBytes => Volatile.Read(ref _receivedBytes);

    public LayerStage Stage
    {
        get => _stage;
        set => _stage = value;
    }

    /// <summary>Called for every block of the download.</summary>
    public void Report(long receivedBytes)
    {
        Volatile.Write(ref _receivedBytes, receivedBytes);
        _stage = receivedBytes < totalBytes ? LayerStage.Downloading : LayerStage.Unpacking;
    }
}
