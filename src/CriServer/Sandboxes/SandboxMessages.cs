using CriShim.Cri.V1;

namespace CriShim.CriServer.Sandboxes;

/// <summary>A sandbox as clients see it.</summary>
internal static class SandboxMessages
{
    public static PodSandbox ToListItem(Sandbox sandbox)
    {
        var item = new PodSandbox
        {
            Id = sandbox.Id,
            Metadata = sandbox.Config.Metadata,
            State = sandbox.State,
            CreatedAt = sandbox.CreatedAt,
            RuntimeHandler = sandbox.RuntimeHandler,
        };
        item.Labels.Add(sandbox.Config.Labels);
        item.Annotations.Add(sandbox.Config.Annotations);
        return item;
    }

    public static PodSandboxStatus ToStatus(Sandbox sandbox)
    {
        var status = new PodSandboxStatus
        {
            Id = sandbox.Id,
            Metadata = sandbox.Config.Metadata,
            State = sandbox.State,
            CreatedAt = sandbox.CreatedAt,
            RuntimeHandler = sandbox.RuntimeHandler,
            Network = new PodSandboxNetworkStatus { Ip = sandbox.Addresses.Count > 0 ? sandbox.Addresses[0] : "" },
            Linux = new LinuxPodSandboxStatus { Namespaces = new Namespace { Options = sandbox.Namespaces } },
        };
        status.Network.AdditionalIps.Add(sandbox.Addresses.Skip(1).Select(address => new PodIP { Ip = address }));
        status.Labels.Add(sandbox.Config.Labels);
        status.Annotations.Add(sandbox.Config.Annotations);
        return status;
    }
}
