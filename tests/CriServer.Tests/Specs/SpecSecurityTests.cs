using CriShim.Cri.V1;
using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Tests.Specs;

public class SpecSecurityTests
{
    [Fact]
    public void Privileged_InAnUnprivilegedPod_IsRefused()
    {
        var inputs = Given.Inputs();
        inputs.Config.Linux = new LinuxContainerConfig { SecurityContext = new LinuxContainerSecurityContext { Privileged = true } };
        Assert.Contains("privileged", Given.Refused(() => ContainerSpecBuilder.Build(inputs)).Message);
    }

    [Fact]
    public void Paths_Given_AreTakenLiterally()
    {
        var linux = ContainerSpecBuilder.Build(Given.Secured(new LinuxContainerSecurityContext { MaskedPaths = { "/a" }, ReadonlyPaths = { "/b" } })).Linux!;
        Assert.Equal(["/a"], linux.MaskedPaths!);
        Assert.Equal(["/b"], linux.ReadonlyPaths!);
    }

    [Fact]
    public void Paths_EmptyLists_MaskNothing() =>
        Assert.Null(ContainerSpecBuilder.Build(Given.Secured(new LinuxContainerSecurityContext())).Linux!.MaskedPaths);

    [Fact]
    public void Paths_NoSecurityContext_HaveTheDefaults()
    {
        var linux = Given.Build(_ => { }).Linux!;
        Assert.Contains("/proc/kcore", linux.MaskedPaths!);
        Assert.Contains("/proc/sys", linux.ReadonlyPaths!);
    }

    [Fact]
    public void Paths_Privileged_AreNone()
    {
        var linux = ContainerSpecBuilder.Build(Given.Secured(new LinuxContainerSecurityContext { Privileged = true, MaskedPaths = { "/a" } })).Linux!;
        Assert.Null(linux.MaskedPaths);
        Assert.Null(linux.ReadonlyPaths);
    }

    [Fact]
    public void Paths_Relative_AreRefused() =>
        Given.Refused(() => ContainerSpecBuilder.Build(Given.Secured(new LinuxContainerSecurityContext { MaskedPaths = { "proc" } })));

    [Fact]
    public void NoNewPrivs_Asked_IsSet() =>
        Assert.True(ContainerSpecBuilder.Build(Given.Secured(new LinuxContainerSecurityContext { NoNewPrivs = true })).Process!.NoNewPrivileges);

    [Fact]
    public void ReadonlyRootfs_Asked_IsSet() =>
        Assert.True(ContainerSpecBuilder.Build(Given.Secured(new LinuxContainerSecurityContext { ReadonlyRootfs = true })).Root!.Readonly);
}
