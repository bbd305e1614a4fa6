using System.Text.Json;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Specs;
using CriShim.Oci;

namespace CriShim.CriServer.Tests.Specs;

/// <summary>Whole specs, as clients really ask for them.</summary>
public class ContainerSpecBuilderTests
{
    private static readonly JsonSerializerOptions s_indented = new(OciJsonContext.Default.Options) { WriteIndented = true };

    [Fact]
    public void Build_WhatKubeletSends_IsTheExpectedSpec()
    {
        var container = Given.KubeletContainer();
        container.Linux.SecurityContext.Seccomp = null; // long; has its own tests
        var spec = ContainerSpecBuilder.Build(Given.Inputs(container, Given.KubeletPod()));
        var json = JsonSerializer.Serialize(spec, new OciJsonContext(s_indented).Spec);
        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Specs", "kubelet-container.json")), json + "\n");
    }

    [Fact]
    public void Build_WhatCritestSends_Works()
    {
        var spec = ContainerSpecBuilder.Build(Given.Inputs());
        Assert.Equal(["top"], spec.Process!.Args!);
        Assert.Null(spec.Linux!.Seccomp);
    }

    [Fact]
    public void Build_Annotations_NameThePod()
    {
        var annotations = ContainerSpecBuilder.Build(Given.Inputs(Given.KubeletContainer(), Given.KubeletPod())).Annotations!;
        Assert.Equal("container", annotations["io.kubernetes.cri.container-type"]);
        Assert.Equal("shop/web-0", $"{annotations["io.kubernetes.cri.sandbox-namespace"]}/{annotations["io.kubernetes.cri.sandbox-name"]}");
    }

    [Fact]
    public void Build_SamePodTwice_SharesNothingMutable()
    {
        var pod = Given.KubeletPod();
        _ = ContainerSpecBuilder.Build(Given.Inputs(Given.KubeletContainer(), pod));
        Assert.Equal(Given.KubeletPod(), pod);
    }

    [Fact]
    public void Options_Defaults_AreTheRuntimesUsualSet() => Assert.Equal(14, new SpecOptions().DefaultCapabilities.Count);
}
