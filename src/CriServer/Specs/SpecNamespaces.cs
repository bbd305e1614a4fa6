using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>
/// Which namespaces a container joins and which are its own.
/// <code>
/// network, ipc, uts, user   the pod's: its pin, or none where the pod uses the host's
/// pid   POD        the pod's pin; without one what the pod has: the host's (pod in mode NODE) or one of the container's own (CONTAINER)
///       CONTAINER  new
///       NODE       the host's
///       TARGET     that of another container of the pod
/// mount, cgroup             always new
/// </code>
/// </summary>
internal static class SpecNamespaces
{
    public static List<NamespaceSpec> Build(ContainerSpecInputs inputs)
    {
        var namespaces = new List<NamespaceSpec>
        {
            new() { Type = "mount" },
            new() { Type = "cgroup" },
        };
        foreach (var type in (ReadOnlySpan<string>)["network", "ipc", "uts", "user"])
        {
            if (inputs.Sandbox.Namespaces.TryGetValue(type, out var path))
            {
                namespaces.Add(new NamespaceSpec { Type = type, Path = path });
            }
        }

        if (Pid(inputs) is { } pid)
        {
            namespaces.Add(pid);
        }

        return namespaces;
    }

    private static NamespaceSpec? Pid(ContainerSpecInputs inputs)
    {
        var pod = inputs.Sandbox.NamespaceOptions.Pid;
        var mode = inputs.SecurityContext?.NamespaceOptions?.Pid ?? pod;
        return mode switch
        {
            NamespaceMode.Node => null,
            NamespaceMode.Container => new NamespaceSpec { Type = "pid" },
            NamespaceMode.Target => new NamespaceSpec { Type = "pid", Path = Target(inputs) },
            NamespaceMode.Pod when inputs.Sandbox.Namespaces.TryGetValue("pid", out var pin) =>
                new NamespaceSpec { Type = "pid", Path = pin },
            NamespaceMode.Pod => pod == NamespaceMode.Node ? null : new NamespaceSpec { Type = "pid" },
            _ => throw CriException.InvalidArgument($"linux.security_context.namespace_options.pid has the unknown value {mode:D}"),
        };
    }

    private static string Target(ContainerSpecInputs inputs) => inputs.TargetPidNamespace
        ?? throw CriException.InvalidArgument("linux.security_context.namespace_options.target_id names no running container of the pod");
}
