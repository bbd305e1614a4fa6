using CriShim.Cri.V1;
using Grpc.Core;

namespace CriShim.CriServer.Services;

internal sealed partial class CriRuntimeService
{
    public override Task<VersionResponse> Version(VersionRequest request, ServerCallContext context) =>
        Task.FromResult(new VersionResponse
        {
            Version = "0.1.0", // of the kubelet-runtime protocol before CRI v1; clients only look that it is there
            RuntimeName = ServerVersion.RuntimeName,
            RuntimeVersion = ServerVersion.Text,
            RuntimeApiVersion = ServerVersion.ApiVersion,
        });

    public override Task<StatusResponse> Status(StatusRequest request, ServerCallContext context) =>
        Task.FromResult(operations.Status.Execute(request.Verbose));

    public override Task<RuntimeConfigResponse> RuntimeConfig(RuntimeConfigRequest request, ServerCallContext context) =>
        Task.FromResult(new RuntimeConfigResponse { Linux = new LinuxRuntimeConfiguration { CgroupDriver = operations.CgroupDriver } });

    public override Task<UpdateRuntimeConfigResponse> UpdateRuntimeConfig(UpdateRuntimeConfigRequest request, ServerCallContext context) =>
        ReplyAsync<UpdateRuntimeConfigResponse>(() => operations.UpdatePodCidr(request.RuntimeConfig?.NetworkConfig?.PodCidr ?? ""));
}
