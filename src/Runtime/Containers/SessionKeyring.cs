namespace CriShim.Runtime.Containers;

/// <summary>A container's processes share one session keyring, apart from the host's (session-keyring(7)).</summary>
internal static class SessionKeyring
{
    public static string NameFor(string containerId) => "_ses." + containerId;
}
