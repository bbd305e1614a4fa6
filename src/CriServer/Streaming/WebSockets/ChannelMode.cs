namespace CriShim.CriServer.Streaming.WebSockets;

/// <summary>What a channel of a WebSocket is for, as the server sees it.</summary>
internal enum ChannelMode
{
    /// <summary>Not asked for: what comes is dropped.</summary>
    Unused,
    Input,
    Output,
    Both,
}
