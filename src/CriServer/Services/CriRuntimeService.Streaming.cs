using CriShim.Cri.V1;
using Grpc.Core;

namespace CriShim.CriServer.Services;

internal sealed partial class CriRuntimeService
{
    public override Task<ExecResponse> Exec(ExecRequest request, ServerCallContext context) =>
        Task.FromResult(operations.OpenSession.Exec(request));

    public override Task<AttachResponse> Attach(AttachRequest request, ServerCallContext context) =>
        Task.FromResult(operations.OpenSession.Attach(request));

    public override Task<PortForwardResponse> PortForward(PortForwardRequest request, ServerCallContext context) =>
        Task.FromResult(operations.OpenSession.PortForward(request));
}
