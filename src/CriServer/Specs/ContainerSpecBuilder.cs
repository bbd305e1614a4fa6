using CriShim.Cri.V1;
using CriShim.CriServer.Cdi;
using CriShim.CriServer.Errors;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>From what the client asked, the image says and the host allows to the OCI spec of one container.</summary>
internal static class ContainerSpecBuilder
{
    /// <exception cref="CriException">InvalidArgument or Unimplemented, naming the field.</exception>
    public static Spec Build(ContainerSpecInputs inputs)
    {
        SpecSecurity.Check(inputs);
        var capabilities = SpecCapabilities.Build(inputs);
        var devices = SpecDevices.Build(inputs);
        var mounts = SpecMounts.Sort(SpecMounts.Build(inputs).Concat(devices.Binds));
        var resources = SpecResources.Build(inputs.Config.Linux?.Resources, inputs.Host, inputs.Options);
        var spec = new Spec
        {
            Process = SpecProcess.Build(inputs, capabilities),
            Root = new RootSpec { Readonly = inputs.SecurityContext?.ReadonlyRootfs ?? false },
            Mounts = mounts,
            Annotations = SpecAnnotations.Build(inputs),
            Linux = new LinuxSpec
            {
                Namespaces = SpecNamespaces.Build(inputs),
                Devices = devices.Nodes,
                CgroupsPath = inputs.Host.CgroupPaths.ForContainer(inputs.Sandbox.Config, inputs.Sandbox.Id, inputs.ContainerId),
                Resources = resources with { Devices = devices.Rules },
                RootfsPropagation = RootfsPropagation(inputs.Config),
                Seccomp = SpecSeccomp.Build(inputs, capabilities),
                MountLabel = SpecLabels.MountLabel(inputs.Host, inputs.Sandbox.SelinuxLevel, inputs.SecurityContext?.SelinuxOptions),
                MaskedPaths = SpecSecurity.MaskedPaths(inputs),
                ReadonlyPaths = SpecSecurity.ReadonlyPaths(inputs),
            },
        };
        return CdiEditor.Apply(spec, inputs.CdiEdits, inputs.HostFiles, inputs.PodIds);
    }

    /// <summary>A mount can only be as shared as the root that it hangs in; null leaves the runtime's own choice.</summary>
    private static string? RootfsPropagation(ContainerConfig config)
    {
        var widest = MountPropagation.PropagationPrivate;
        foreach (var mount in config.Mounts)
        {
            widest = mount.Propagation > widest ? mount.Propagation : widest;
        }

        return widest switch
        {
            MountPropagation.PropagationBidirectional => "rshared",
            MountPropagation.PropagationHostToContainer => "rslave",
            _ => null,
        };
    }
}
