using CriShim.Cri.V1;
using Grpc.Core;

namespace CriShim.CriServer.Services;

internal sealed partial class CriRuntimeService
{
    public override Task<StartContainerResponse> StartContainer(StartContainerRequest request, ServerCallContext context) =>
        ReplyAsync<StartContainerResponse>(operations.StartContainer.ExecuteAsync(request.ContainerId, context.CancellationToken));

    public override Task<StopContainerResponse> StopContainer(StopContainerRequest request, ServerCallContext context) =>
        ReplyAsync<StopContainerResponse>(
            operations.StopContainer.ExecuteAsync(request.ContainerId, request.Timeout, context.CancellationToken));

    public override Task<ListContainersResponse> ListContainers(ListContainersRequest request, ServerCallContext context) =>
        Task.FromResult(new ListContainersResponse { Containers = { operations.ListContainers.Execute(request.Filter) } });

    public override Task StreamContainers(
        StreamContainersRequest request, IServerStreamWriter<StreamContainersResponse> responseStream, ServerCallContext context) =>
        WriteAllAsync(
            operations.ListContainers.Execute(request.Filter), items => new StreamContainersResponse { Containers = { items } }, responseStream);

    public override Task<ReopenContainerLogResponse> ReopenContainerLog(ReopenContainerLogRequest request, ServerCallContext context) =>
        ReplyAsync<ReopenContainerLogResponse>(operations.ReopenLog.ExecuteAsync(request.ContainerId, context.CancellationToken));

    public override Task<ExecSyncResponse> ExecSync(ExecSyncRequest request, ServerCallContext context) =>
        operations.ExecSync.ExecuteAsync(request, context.CancellationToken);
}
