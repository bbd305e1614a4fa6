namespace Grpc.Core;

/// <summary>Takes messages one after another; one write at a time.</summary>
public interface IAsyncStreamWriter<in T>
{
    WriteOptions? WriteOptions { get; set; }

    /// <summary>Done when the transport has taken the message: a slow client holds the writer back.</summary>
    Task WriteAsync(T message);

    Task WriteAsync(T message, CancellationToken cancellationToken);
}

/// <summary>Takes the messages of a response.</summary>
public interface IServerStreamWriter<in T> : IAsyncStreamWriter<T>;
