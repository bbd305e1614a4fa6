using CriShim.Cri.V1;
using CriShim.CriServer.State;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers;

/// <summary>One container, from memory; verbose with its processes and its OCI spec, from disk.</summary>
internal sealed class ContainerStatusQuery(ContainerStore containers, StateLayout layout)
{
    public ContainerStatusResponse Execute(string idOrPrefix, bool verbose)
    {
        var container = containers.Get(idOrPrefix);
        var response = new ContainerStatusResponse { Status = ContainerMessages.ToStatus(container) };
        if (verbose)
        {
            response.Info.Add("info", Info(container));
        }

        return response;
    }

    private string Info(Container container) => VerboseInfo.Write(json =>
    {
        json.WriteString("sandboxID", container.SandboxId);
        json.WriteNumber("pid", container.HasExited ? 0 : container.Supervisor?.InitPid ?? 0);
        json.WriteNumber("supervisorPid", container.HasExited ? 0 : container.Supervisor?.SupervisorPid ?? 0);
        json.WriteString("cgroupPath", container.CgroupPath);
        json.WritePropertyName("runtimeSpec");
        var spec = layout.ContainerSpec(container.Id);
        if (File.Exists(spec))
        {
            json.WriteRawValue(File.ReadAllBytes(spec));
        }
        else
        {
            json.WriteNullValue(); // gone with a reboot
        }
    });
}
