using System.Buffers.Binary;
using System.Globalization;
using CriShim.GrpcServer.Wire;
using Grpc.Core;

namespace CriShim.GrpcServer.Client;

/// <summary>The messages of one reply, and at their end its status.</summary>
internal sealed class ResponseStream<T>(HttpResponseMessage reply, Stream body, Marshaller<T> marshaller) : IAsyncDisposable
    where T : class
{
    private const int MaxMessageBytes = 80 * 1024 * 1024;

    private readonly byte[] _prefix = new byte[GrpcProtocol.MessagePrefixBytes];

    /// <summary>The next message; null at the end of a call that succeeded.</summary>
    /// <exception cref="RpcException">The call failed.</exception>
    public async Task<T?> ReadAsync(CancellationToken cancellation)
    {
        var count = await body.ReadAtLeastAsync(_prefix, _prefix.Length, throwOnEndOfStream: false, cancellation);
        if (count == 0)
        {
            ThrowUnlessOk();
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(_prefix.AsSpan(1));
        if (count < _prefix.Length || _prefix[0] != 0 || length is < 0 or > MaxMessageBytes)
        {
            throw new RpcException(new Status(StatusCode.Internal, "the reply is no gRPC message"));
        }

        var payload = new byte[length];
        await body.ReadExactlyAsync(payload, cancellation);
        return marshaller.ContextualDeserializer(new ReceivedMessage(payload));
    }

    public async ValueTask DisposeAsync()
    {
        await body.DisposeAsync();
        reply.Dispose();
    }

    /// <summary>The status stands behind the messages; where there are none it may stand in front.</summary>
    private void ThrowUnlessOk()
    {
        if (!int.TryParse(Find("grpc-status"), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            throw new RpcException(new Status(StatusCode.Internal, $"the reply has no status; HTTP {(int)reply.StatusCode}"));
        }

        if (code != (int)StatusCode.OK)
        {
            throw new RpcException(new Status((StatusCode)code, Uri.UnescapeDataString(Find("grpc-message") ?? "")));
        }
    }

    private string? Find(string name) =>
        reply.TrailingHeaders.TryGetValues(name, out var values) || reply.Headers.TryGetValues(name, out values) ? values.First() : null;
}
