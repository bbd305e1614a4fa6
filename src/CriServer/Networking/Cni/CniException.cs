namespace CriShim.CriServer.Networking.Cni;

/// <summary>A CNI configuration that cannot be used, or a plugin that failed.</summary>
internal sealed class CniException(string message, Exception? cause = null) : Exception(message, cause);
