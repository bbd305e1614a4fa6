namespace CriShim.CriServer.Streaming.Sessions;

/// <summary>What a URL was given out for.</summary>
internal abstract record SessionRequest
{
    /// <summary>First part of the URL's path.</summary>
    public abstract string Kind { get; }

    /// <summary>Id of the container or the sandbox.</summary>
    public abstract string Subject { get; }
}

/// <summary>A command to be run in a container, or the container's own streams.</summary>
/// <param name="Command">Empty: attach.</param>
internal sealed record CommandRequest(string ContainerId, IReadOnlyList<string> Command, bool Tty, bool Stdin, bool Stdout, bool Stderr)
    : SessionRequest
{
    public const string ExecKind = "exec";
    public const string AttachKind = "attach";

    public bool IsAttach => Command.Count == 0;

    public override string Kind => IsAttach ? AttachKind : ExecKind;

    public override string Subject => ContainerId;
}

/// <summary>Connections to ports of a pod.</summary>
/// <param name="Ports">Those that were asked for with the URL: only the old WebSocket forms go by them.</param>
internal sealed record PortsRequest(string SandboxId, IReadOnlyList<ushort> Ports) : SessionRequest
{
    public const string KindName = "portforward";

    public override string Kind => KindName;

    public override string Subject => SandboxId;
}
