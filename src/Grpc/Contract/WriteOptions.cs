namespace Grpc.Core;

/// <summary>How a message is to be written.</summary>
[Flags]
public enum WriteFlags
{
    None = 0,

    /// <summary>The message may wait for the next one before it goes out.</summary>
    BufferHint = 1,

    /// <summary>Leave the message uncompressed.</summary>
    NoCompress = 2,
}

/// <summary>How messages are to be written.</summary>
public sealed class WriteOptions(WriteFlags flags = WriteFlags.None)
{
    public static readonly WriteOptions Default = new();

    public WriteFlags Flags { get; } = flags;
}
