using CriShim.Cri.V1;
using CriShim.CriServer.Specs;
using CriShim.CriServer.State;
using CriShim.Oci;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Sandboxes;

/// <summary>One sandbox; verbose with what people look for: the namespaces' paths, as the pod's part of an OCI spec.</summary>
internal sealed class SandboxStatusQuery(SandboxStore sandboxes, StateLayout layout, CgroupPaths cgroups)
{
    public PodSandboxStatusResponse Execute(string idOrPrefix, bool verbose)
    {
        var sandbox = sandboxes.Get(idOrPrefix);
        var response = new PodSandboxStatusResponse { Status = SandboxMessages.ToStatus(sandbox) };
        if (verbose)
        {
            response.Info.Add("info", Info(sandbox));
        }

        return response;
    }

    private string Info(Sandbox sandbox)
    {
        var namespaces = SandboxSpec.NamespacePaths(sandbox.Id, sandbox.Config, layout);
        return VerboseInfo.Write(json =>
        {
            json.WriteString("sandboxId", sandbox.Id);
            json.WriteNumber("pid", sandbox.InitPid);
            json.WriteString("runtimeHandler", sandbox.RuntimeHandler);
            json.WriteBoolean("netNsClosed", sandbox.Released || !namespaces.TryGetValue("network", out var netns) || !File.Exists(netns));
            json.WriteStartArray("addresses");
            foreach (var address in sandbox.Addresses)
            {
                json.WriteStringValue(address);
            }

            json.WriteEndArray();
            var spec = new Spec
            {
                Hostname = sandbox.Config.Hostname,
                Annotations = sandbox.Config.Annotations.ToDictionary(),
                Linux = new LinuxSpec
                {
                    CgroupsPath = cgroups.ForSandbox(sandbox.Config, sandbox.Id),
                    Namespaces = [.. namespaces.Select(n => new NamespaceSpec { Type = n.Key, Path = n.Value })],
                    Sysctl = sandbox.Config.Linux?.Sysctls.ToDictionary(),
                },
            };
            json.WritePropertyName("runtimeSpec");
            System.Text.Json.JsonSerializer.Serialize(json, spec, OciJsonContext.Default.Spec);
        });
    }
}
