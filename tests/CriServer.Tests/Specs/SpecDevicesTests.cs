using CriShim.Cri.V1;
using CriShim.CriServer.Specs;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Tests.Specs;

public class SpecDevicesTests
{
    private static readonly HostDevice s_fuse = new("/dev/fuse", 'c', 10, 229, 0x1b6, 0, 0);

    [Fact]
    public void Build_NothingAsked_DeniesAllButTheStandardOnes()
    {
        var linux = Given.Build(_ => { }).Linux!;
        Assert.Null(linux.Devices);
        Assert.False(linux.Resources!.Devices![0].Allow);
        Assert.Contains(new DeviceRuleSpec { Allow = true, Type = "c", Major = 1, Minor = 3, Access = "rwm" }, linux.Resources.Devices);
    }

    [Fact]
    public void Build_OneDevice_HasItsNodeAndRule()
    {
        var linux = Build(new Device { HostPath = "/dev/fuse", ContainerPath = "/dev/f", Permissions = "rw" }).Linux!;
        Assert.Equal(new DeviceSpec { Path = "/dev/f", Type = "c", Major = 10, Minor = 229, FileMode = 0x1b6, Uid = 0, Gid = 0 }, Assert.Single(linux.Devices!));
        Assert.Equal(new DeviceRuleSpec { Allow = true, Type = "c", Major = 10, Minor = 229, Access = "rw" }, linux.Resources!.Devices![^1]);
    }

    [Fact]
    public void Build_Folder_HasAllDevicesUnderIt() => Assert.Equal(
        ["/dev/s/seq", "/dev/s/by/one"],
        Build(new Device { HostPath = "/dev/snd", ContainerPath = "/dev/s", Permissions = "rwm" }).Linux!.Devices!.Select(device => device.Path));

    [Theory]
    [InlineData("/dev/none", "/dev/x", "rwm", "does not exist")]
    [InlineData("/dev/plain", "/dev/x", "rwm", "is no device")]
    [InlineData("/dev/fuse", "/dev/x", "rwx", "permissions")]
    [InlineData("/dev/fuse", "/dev/x", "", "permissions")]
    [InlineData("/dev/fuse", "x", "r", "container_path")]
    [InlineData("", "/dev/x", "r", "host_path")]
    public void Build_BadDevice_IsRefused(string host, string place, string access, string word) => Assert.Contains(
        word, Given.Refused(() => Build(new Device { HostPath = host, ContainerPath = place, Permissions = access })).Message);

    [Fact]
    public void Build_OwnershipByContext_IsTheUsers()
    {
        var inputs = Inputs(new Device { HostPath = "/dev/fuse", ContainerPath = "/dev/f", Permissions = "rw" });
        inputs = inputs with { Options = inputs.Options with { DeviceOwnershipFromSecurityContext = true } };
        var node = Assert.Single(ContainerSpecBuilder.Build(inputs).Linux!.Devices!);
        Assert.Equal((101U, 101U), (node.Uid!.Value, node.Gid!.Value));
    }

    [Fact]
    public void Build_Privileged_HasTheHostsDevicesButTerminals()
    {
        var linux = Privileged(false);
        Assert.Equal(["/dev/fuse"], linux.Devices!.Select(device => device.Path));
        Assert.Equal(new DeviceRuleSpec { Allow = true, Access = "rwm" }, Assert.Single(linux.Resources!.Devices!));
    }

    [Fact]
    public void Build_PrivilegedWithoutHostDevices_HasNone() => Assert.Null(Privileged(true).Devices);

    private static LinuxSpec Privileged(bool withoutDevices)
    {
        var inputs = Given.Secured(new LinuxContainerSecurityContext { Privileged = true });
        ((FakeHostFiles)inputs.HostFiles).Devices["/dev"] =
            [s_fuse, new HostDevice("/dev/pts/0", 'c', 136, 0, 0, 0, 0), new HostDevice("/dev/ptmx", 'c', 5, 2, 0, 0, 0)];
        return ContainerSpecBuilder.Build(inputs with { Options = inputs.Options with { PrivilegedWithoutHostDevices = withoutDevices } }).Linux!;
    }

    private static Spec Build(Device device) => ContainerSpecBuilder.Build(Inputs(device));

    private static ContainerSpecInputs Inputs(Device device)
    {
        var inputs = Given.Inputs();
        inputs.Config.Devices.Add(device);
        var host = (FakeHostFiles)inputs.HostFiles;
        host.Missing.Add("/dev/none");
        host.Devices["/dev/fuse"] = [s_fuse];
        host.Devices["/dev/snd"] = [new("/dev/snd/seq", 'c', 116, 1, 0, 0, 0), new("/dev/snd/by/one", 'c', 116, 2, 0, 0, 0)];
        return inputs;
    }
}
