namespace CriShim.GrpcServer.Client;

/// <summary>No server answers on the socket, or the connection to it was lost.</summary>
public sealed class ConnectionException(string message, Exception cause) : IOException(message, cause);
