using CriShim.CriServer.Streaming.Channels;

namespace CriShim.CriServer.Streaming.RemoteCommand;

/// <summary>The client's streams of one remote command; null where it was not asked for.</summary>
/// <param name="Resize">Sizes of the client's terminal: done when the client opens that stream, which it may never do.</param>
internal sealed record CommandChannels(
    IInputChannel? Stdin, IOutputChannel? Stdout, IOutputChannel? Stderr, IOutputChannel Error, Task<IInputChannel> Resize);
