using CriShim.Cri.V1;
using Grpc.Core;

namespace CriShim.CriServer.Services;

internal sealed partial class CriRuntimeService
{
    public override async Task<RunPodSandboxResponse> RunPodSandbox(RunPodSandboxRequest request, ServerCallContext context) =>
        new() { PodSandboxId = await operations.RunSandbox.ExecuteAsync(request, context.CancellationToken) };

    public override Task<StopPodSandboxResponse> StopPodSandbox(StopPodSandboxRequest request, ServerCallContext context) =>
        ReplyAsync<StopPodSandboxResponse>(operations.StopSandbox.ExecuteAsync(request.PodSandboxId, context.CancellationToken));

    public override Task<RemovePodSandboxResponse> RemovePodSandbox(RemovePodSandboxRequest request, ServerCallContext context) =>
        ReplyAsync<RemovePodSandboxResponse>(operations.RemoveSandbox.ExecuteAsync(request.PodSandboxId, context.CancellationToken));

    public override Task<UpdatePodSandboxResourcesResponse> UpdatePodSandboxResources(
        UpdatePodSandboxResourcesRequest request, ServerCallContext context) =>
        ReplyAsync<UpdatePodSandboxResourcesResponse>(() => operations.UpdateSandboxResources.Execute(request));

    public override Task<PodSandboxStatusResponse> PodSandboxStatus(PodSandboxStatusRequest request, ServerCallContext context) =>
        Task.FromResult(operations.SandboxStatus.Execute(request.PodSandboxId, request.Verbose));

    public override Task<ListPodSandboxResponse> ListPodSandbox(ListPodSandboxRequest request, ServerCallContext context) =>
        Task.FromResult(new ListPodSandboxResponse { Items = { operations.ListSandboxes.Execute(request.Filter) } });

    public override Task StreamPodSandboxes(
        StreamPodSandboxesRequest request, IServerStreamWriter<StreamPodSandboxesResponse> responseStream, ServerCallContext context) =>
        StreamedList.WriteAsync(
            operations.ListSandboxes.Execute(request.Filter), items => new StreamPodSandboxesResponse { PodSandboxes = { items } }, responseStream);
}
