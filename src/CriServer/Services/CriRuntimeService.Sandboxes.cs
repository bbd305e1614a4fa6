using CriShim.Cri.V1;
using Grpc.Core;

namespace CriShim.CriServer.Services;

internal sealed partial class CriRuntimeService
{
    public override Task<ListPodSandboxResponse> ListPodSandbox(ListPodSandboxRequest request, ServerCallContext context) =>
        Task.FromResult(new ListPodSandboxResponse { Items = { operations.ListSandboxes.Execute(request.Filter) } });

    public override Task StreamPodSandboxes(
        StreamPodSandboxesRequest request, IServerStreamWriter<StreamPodSandboxesResponse> responseStream, ServerCallContext context) =>
        WriteAllAsync(
            operations.ListSandboxes.Execute(request.Filter), items => new StreamPodSandboxesResponse { PodSandboxes = { items } }, responseStream);
}
