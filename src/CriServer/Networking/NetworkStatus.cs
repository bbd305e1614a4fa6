namespace CriShim.CriServer.Networking;

/// <summary>Whether pods can be connected now.</summary>
/// <param name="Reason">One word for the CRI condition; empty when ready.</param>
/// <param name="Network">Name of the CNI network or of the built-in bridge; empty when there is none.</param>
/// <param name="Source">The configuration file, or <c>built-in</c>.</param>
/// <param name="Plugins">Types of the CNI plugins in order.</param>
internal sealed record NetworkStatus(
    bool Ready, string Reason, string Message, string Network, string Source, IReadOnlyList<string> Plugins, int Attachments)
{
    public const string NotReadyReason = "NetworkPluginNotReady";
}
