namespace Grpc.Core;

/// <summary>Messages to read one after another.</summary>
public interface IAsyncStreamReader<out T>
{
    T Current { get; }

    /// <summary>False at the end of the stream.</summary>
    Task<bool> MoveNext(CancellationToken cancellationToken);
}
