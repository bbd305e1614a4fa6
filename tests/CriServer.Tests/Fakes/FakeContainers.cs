using System.Threading.Channels;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Streaming.Targets;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>Containers whose processes the test plays, and pods whose ports it dials.</summary>
internal sealed class FakeContainers : IContainerStreams, IPodDialer
{
    private readonly Channel<(FakeProcess Process, ExecStreamRequest? Exec, AttachStreamRequest? Attach)> _started =
        Channel.CreateUnbounded<(FakeProcess, ExecStreamRequest?, AttachStreamRequest?)>();

    public string? StartFailure { get; set; }

    public Func<ushort, Task<Stream>> Dial { get; set; } = port => throw new CriException(CriErrorKind.Unavailable, $"port {port}: connection refused");

    public async Task<(FakeProcess Process, ExecStreamRequest? Exec, AttachStreamRequest? Attach)> NextAsync() =>
        await _started.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    public async Task<FakeProcess> NextProcessAsync() => (await NextAsync()).Process;

    public Task<StreamedProcess> ExecAsync(string containerId, ExecStreamRequest request, CancellationToken cancellationToken) =>
        StartAsync(new FakeProcess(request.Stdin, request.Stdout, request.Stderr), request, null);

    public Task<StreamedProcess> AttachAsync(string containerId, AttachStreamRequest request, CancellationToken cancellationToken) =>
        StartAsync(new FakeProcess(request.Stdin, request.Stdout, request.Stderr), null, request);

    public Task<Stream> ConnectAsync(string sandboxId, ushort port, CancellationToken cancellationToken) => Dial(port);

    private Task<StreamedProcess> StartAsync(FakeProcess process, ExecStreamRequest? exec, AttachStreamRequest? attach)
    {
        if (StartFailure is { } failure)
        {
            throw new CriException(CriErrorKind.NotFound, failure);
        }

        _started.Writer.TryWrite((process, exec, attach));
        return Task.FromResult<StreamedProcess>(process);
    }
}
