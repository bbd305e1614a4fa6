namespace Grpc.Core;

/// <summary>Who sends one message and who sends many.</summary>
public enum MethodType
{
    Unary,
    ClientStreaming,
    ServerStreaming,
    DuplexStreaming,
}
