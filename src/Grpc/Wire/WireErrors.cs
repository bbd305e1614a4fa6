using Grpc.Core;

namespace CriShim.GrpcServer.Wire;

/// <summary>What the gRPC layer itself answers, with the codes of grpc/doc/statuscodes.md.</summary>
internal static class WireErrors
{
    // Not Unimplemented as statuscodes.md has it for a wrong number of messages: grpc-go answers Internal, and to kubelet
    // Unimplemented means "fall back to an older call".
    public static readonly Status NoMessage = new(StatusCode.Internal, "request has no message");
    public static readonly Status SeveralMessages = new(StatusCode.Internal, "request has more than one message");
    public static readonly Status TruncatedMessage = new(StatusCode.Internal, "request ends within a message");
    public static readonly Status BadCompressedFlag = new(StatusCode.Internal, "message has an invalid compressed flag");
    public static readonly Status UnexpectedCompression =
        new(StatusCode.Internal, "message is compressed, but the request has no grpc-encoding");
    public static readonly Status BadCompressedData = new(StatusCode.Internal, "message is not valid gzip data");
    public static readonly Status RequestReset = new(StatusCode.Cancelled, "request stream was reset");
    public static readonly Status DeadlineExceeded = new(StatusCode.DeadlineExceeded, "deadline exceeded");
    public static readonly Status Cancelled = new(StatusCode.Cancelled, "call was cancelled");

    public static Status RequestTooLarge(long bytes, int limitBytes) =>
        new(StatusCode.ResourceExhausted, $"request message of {bytes} bytes is larger than {limitBytes}");

    public static Status DecompressedTooLarge(int limitBytes) =>
        new(StatusCode.ResourceExhausted, $"request message is larger than {limitBytes} bytes when decompressed");

    public static Status ResponseTooLarge(long bytes, int limitBytes) =>
        new(StatusCode.ResourceExhausted, $"response message of {bytes} bytes is larger than {limitBytes}");

    public static Status BadRequestMessage(string cause) => new(StatusCode.Internal, $"failed to parse the request message: {cause}");

    public static Status BadTimeout(string timeout) => new(StatusCode.Internal, $"malformed grpc-timeout \"{timeout}\"");

    public static Status UnknownEncoding(string encoding) =>
        new(StatusCode.Unimplemented, $"grpc-encoding \"{encoding}\" is not supported");

    public static Status UnknownService(string service) => new(StatusCode.Unimplemented, $"unknown service {service}");

    public static Status UnknownMethod(string service, string method) =>
        new(StatusCode.Unimplemented, $"unknown method {method} for service {service}");

    public static Status ClientStreaming(string method) =>
        new(StatusCode.Unimplemented, $"client streaming is not supported: {method}");
}
