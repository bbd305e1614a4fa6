using System.Net.Sockets;
using CriShim.CriServer.Errors;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Streaming.Targets;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Sandboxes;

/// <inheritdoc cref="IPodDialer"/>
internal sealed class PodDialer(SandboxStore sandboxes, IRuntimeClient runtime) : IPodDialer
{
    public async Task<Stream> ConnectAsync(string sandboxId, ushort port, CancellationToken cancellationToken)
    {
        var sandbox = sandboxes.Get(sandboxId);
        if (!sandbox.IsReady)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to connect to port {port} of sandbox \"{sandbox.Id}\": it is not ready");
        }

        try
        {
            var path = sandbox.OnHostNetwork ? null : StateLayout.NetworkNamespace(sandbox.Id);
            var connected = await runtime.DialAsync(path, port, cancellationToken);
            var handle = new SafeSocketHandle(connected.DangerousGetHandle(), ownsHandle: true);
            connected.SetHandleAsInvalid();
            return new NetworkStream(new Socket(handle) { NoDelay = true }, ownsSocket: true);
        }
        catch (RuntimeException e)
        {
            throw new CriException(StatusMapper.ToKind(e.Error.Kind), $"failed to connect to port {port} of sandbox \"{sandbox.Id}\": {e.Message}", e);
        }
    }
}
