using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Streaming.Targets;

/// <summary>Where exec and attach lead. Failures: <see cref="CriException"/>, whose text the client sees.</summary>
internal interface IContainerStreams
{
    /// <summary>Starts the command.</summary>
    /// <param name="containerId">The whole id.</param>
    Task<StreamedProcess> ExecAsync(string containerId, ExecStreamRequest request, CancellationToken cancellationToken);

    /// <summary>Joins the container's own streams: output from this moment on.</summary>
    /// <inheritdoc cref="ExecAsync"/>
    Task<StreamedProcess> AttachAsync(string containerId, AttachStreamRequest request, CancellationToken cancellationToken);
}
