using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <inheritdoc cref="IRuntimeClient"/>
internal sealed class RuntimeClient(RuntimeProcess process, IoLoop io, StateLayout layout) : IRuntimeClient
{
    private const string SuperviseRole = "supervise";
    private const string SandboxRole = "sandbox";
    private const string DialRole = "dial";
    private const string DumpRole = "dump";
    private const string SupervisorErrorLog = "supervisor.log";

    private static readonly SupervisorRecord s_notYetCreated = new(0, 0, 0, 0);

    public Task<INewSupervisor> StartSupervisorAsync(string folder) => Task.Run<INewSupervisor>(() =>
    {
        var channel = process.Start(SuperviseRole, Path.Combine(folder, SupervisorErrorLog));
        return new Supervisor(s_notYetCreated, onEvent => new ControlConnection(channel, io, onEvent));
    });

    public Task<ISupervisor?> ConnectAsync(string containerId, SupervisorRecord record, CancellationToken cancellationToken)
    {
        try
        {
            var socket = SeqPacketSocket.Connect(Path.Combine(layout.ContainerFolder(containerId), StateLayout.ControlSocket));
            var channel = new ControlChannel(socket);
            return Task.FromResult<ISupervisor?>(new Supervisor(record, onEvent => new ControlConnection(channel, io, onEvent)));
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ECONNREFUSED)
        {
            return Task.FromResult<ISupervisor?>(null);
        }
    }

    public async Task<SandboxProcess> CreateSandboxAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        var channel = process.Start(SandboxRole, errorLog: null);
        using var connection = new ControlConnection(channel, io, _ => { });
        var reply = await connection.CallAsync(request, [], cancellationToken);
        return reply.Message is SandboxReply made
            ? new SandboxProcess(made.InitPid, made.InitStartTime, reply.Fds.Count > 0 ? reply.Fds[0] : null)
            : throw new RuntimeException(RuntimeErrorKind.Unknown, $"unexpected reply {reply.Message.GetType().Name}");
    }

    public async Task<SafeFileHandle> DialAsync(string? networkNamespace, ushort port, CancellationToken cancellationToken)
    {
        var channel = process.Start(DialRole, errorLog: null, networkNamespace is null ? [] : [networkNamespace]);
        using var connection = new ControlConnection(channel, io, _ => { });
        var reply = await connection.CallAsync(new ConnectRequest(port), [], cancellationToken);
        return reply.Fds.Count == 1
            ? reply.Fds[0]
            : throw new RuntimeException(RuntimeErrorKind.Unknown, $"unexpected reply {reply.Message.GetType().Name}");
    }

    public async Task DumpAsync(DumpRequest request, Func<CancellationToken, Task> whileHeld, CancellationToken cancellationToken)
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var channel = process.Start(DumpRole, errorLog: null);
        using var connection = new ControlConnection(channel, io, message => _ = message is HeldEvent && held.TrySetResult());
        var ended = connection.CallAsync(request, [], CancellationToken.None);
        try
        {
            await Task.WhenAny(ended, held.Task).WaitAsync(cancellationToken);
            if (!ended.IsCompleted)
            {
                await whileHeld(cancellationToken);
                await connection.PostAsync(new ReleaseRequest(Discard: false));
            }
        }
        catch
        {
            await connection.PostAsync(new ReleaseRequest(Discard: true));
            await ((Task)ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        await ended;
    }
}
