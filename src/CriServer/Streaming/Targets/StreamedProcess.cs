namespace CriShim.CriServer.Streaming.Targets;

/// <summary>
/// A process whose streams are a client's: an exec'd one, or the container's own that the client is attached to. Disposing it says that
/// the client is gone: an exec'd process that still runs is ended as configured, an attached one merely loses this client.
/// </summary>
internal abstract class StreamedProcess : IAsyncDisposable
{
    /// <summary>Write-only; null when not asked for. Disposing it alone is the end of the client's input (half-close).</summary>
    public abstract Stream? Stdin { get; }

    /// <summary>Read-only, ends when nobody can write any more; null when not asked for.</summary>
    public abstract Stream? Stdout { get; }

    /// <summary>As <see cref="Stdout"/>; null with a terminal.</summary>
    public abstract Stream? Stderr { get; }

    /// <summary>
    /// The exit code, 0 to 255. It does not wait for the output's end: children may hold that open. Of an attached container: when that
    /// ends. Fails when the process is lost, or when the client read too slowly and was dropped.
    /// </summary>
    public abstract Task<int> Exit { get; }

    /// <summary>Sets the terminal's size; nothing without a terminal or after the end.</summary>
    public abstract ValueTask ResizeAsync(TerminalSize size);

    public abstract ValueTask DisposeAsync();
}
