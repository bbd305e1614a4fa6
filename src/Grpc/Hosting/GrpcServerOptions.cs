using Grpc.Core.Interceptors;

namespace CriShim.GrpcServer.Hosting;

/// <summary>Settings of the gRPC layer. Sizes are those of one message, after decompression where it is compressed.</summary>
public sealed record GrpcServerOptions
{
    /// <summary>Larger requests end in ResourceExhausted. The CRI's clients send up to 16 MiB.</summary>
    public int MaxReceiveMessageBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Larger responses end in ResourceExhausted. Clients that can take more than 16 MiB exist, hence the wide limit.</summary>
    public int MaxSendMessageBytes { get; init; } = 80 * 1024 * 1024;

    /// <summary>Compress responses with gzip for clients that accept it: of use over a network, a waste over a unix socket.</summary>
    public bool CompressResponses { get; init; }

    /// <summary>Stands around every unary and server-streaming handler.</summary>
    public Interceptor? Interceptor { get; init; }
}
