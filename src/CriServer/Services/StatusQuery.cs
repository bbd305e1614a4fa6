using CriShim.Cri.V1;
using CriShim.CriServer.Handlers;
using CriShim.CriServer.Networking;

namespace CriShim.CriServer.Services;

/// <summary>Whether the server and the network are ready, and what the runtime handlers can do. No disk, no lock: kubelet asks every 5 s.</summary>
/// <param name="recovered">Ends when recovery is done: the runtime is not ready before.</param>
internal sealed class StatusQuery(Task recovered, RuntimeHandlers handlers, Func<NetworkStatus> network, StatusInfo info)
{
    public StatusResponse Execute(bool verbose)
    {
        var response = new StatusResponse
        {
            Status = new RuntimeStatus { Conditions = { RuntimeReady(), NetworkReady(network()) } },
            RuntimeHandlers = { handlers.ToMessages() },
            Features = new RuntimeFeatures { SupplementalGroupsPolicy = true, MountOptions = true },
        };
        if (verbose)
        {
            response.Info.Add(info.Entries());
        }

        return response;
    }

    private RuntimeCondition RuntimeReady() => recovered.IsCompleted
        ? new RuntimeCondition { Type = "RuntimeReady", Status = true }
        : new RuntimeCondition { Type = "RuntimeReady", Status = false, Reason = "Recovering", Message = "records of an earlier life are being read" };

    private static RuntimeCondition NetworkReady(NetworkStatus status) =>
        new() { Type = "NetworkReady", Status = status.Ready, Reason = status.Reason, Message = status.Message };
}
