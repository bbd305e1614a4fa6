using CriShim.Cri.V1;
using Grpc.Core;

namespace CriShim.CriServer.Services;

internal sealed partial class CriRuntimeService
{
    public override async Task<CreateContainerResponse> CreateContainer(CreateContainerRequest request, ServerCallContext context) =>
        new() { ContainerId = await operations.CreateContainer.ExecuteAsync(request, context.CancellationToken) };

    public override Task<StartContainerResponse> StartContainer(StartContainerRequest request, ServerCallContext context) =>
        ReplyAsync<StartContainerResponse>(operations.StartContainer.ExecuteAsync(request.ContainerId, context.CancellationToken));

    public override Task<StopContainerResponse> StopContainer(StopContainerRequest request, ServerCallContext context) =>
        ReplyAsync<StopContainerResponse>(
            operations.StopContainer.ExecuteAsync(request.ContainerId, request.Timeout, context.CancellationToken));

    public override Task<RemoveContainerResponse> RemoveContainer(RemoveContainerRequest request, ServerCallContext context) =>
        ReplyAsync<RemoveContainerResponse>(operations.RemoveContainer.ExecuteAsync(request.ContainerId, context.CancellationToken));

    public override Task<UpdateContainerResourcesResponse> UpdateContainerResources(
        UpdateContainerResourcesRequest request, ServerCallContext context) =>
        ReplyAsync<UpdateContainerResourcesResponse>(operations.UpdateResources.ExecuteAsync(request, context.CancellationToken));

    public override Task<ListContainersResponse> ListContainers(ListContainersRequest request, ServerCallContext context) =>
        Task.FromResult(new ListContainersResponse { Containers = { operations.ListContainers.Execute(request.Filter) } });

    public override Task StreamContainers(
        StreamContainersRequest request, IServerStreamWriter<StreamContainersResponse> responseStream, ServerCallContext context) =>
        StreamedList.WriteAsync(
            operations.ListContainers.Execute(request.Filter), items => new StreamContainersResponse { Containers = { items } }, responseStream);

    public override Task<ContainerStatusResponse> ContainerStatus(ContainerStatusRequest request, ServerCallContext context) =>
        Task.FromResult(operations.ContainerStatus.Execute(request.ContainerId, request.Verbose));

    public override Task<ReopenContainerLogResponse> ReopenContainerLog(ReopenContainerLogRequest request, ServerCallContext context) =>
        ReplyAsync<ReopenContainerLogResponse>(operations.ReopenLog.ExecuteAsync(request.ContainerId, context.CancellationToken));

    public override Task<CheckpointContainerResponse> CheckpointContainer(CheckpointContainerRequest request, ServerCallContext context) =>
        ReplyAsync<CheckpointContainerResponse>(operations.CheckpointContainer.ExecuteAsync(request, context.CancellationToken));

    public override Task<ExecSyncResponse> ExecSync(ExecSyncRequest request, ServerCallContext context) =>
        operations.ExecSync.ExecuteAsync(request, context.CancellationToken);
}
