using System.Text;
using CriShim.Cri.V1;
using CriShim.CriServer.Cdi;
using CriShim.CriServer.Specs;
using CriShim.CriServer.Tests.Fakes;
using CriShim.CriServer.Tests.Specs;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Tests.Cdi;

public class CdiEditorTests
{
    private static FakeHostFiles Host => new() { Devices = { ["/dev/kvm"] = [new HostDevice("/dev/kvm", 'c', 10, 232, 0x1B0, 0, 0)] }, Missing = { "/dev/none" } };

    [Fact]
    public void Build_AllEdits_AreInTheSpec()
    {
        var spec = Build(new CdiContainerEdits
        {
            Env = ["A=2", "NEW=x"],
            DeviceNodes = [new CdiDeviceNode { Path = "/dev/made", HostPath = "/dev/kvm", Permissions = "r" }],
            Mounts = [new CdiMount { HostPath = "/lib/x", ContainerPath = "/etc/hosts", Options = ["rbind", "ro"] }, new CdiMount { HostPath = "tmpfs", ContainerPath = "/a", Type = "tmpfs" }],
            Hooks = [new CdiHook { HookName = "startContainer", Path = "/h", Args = ["h"], Env = ["E=1"], Timeout = 2 }],
            AdditionalGids = [0, 44],
            IntelRdt = new IntelRdtSpec { ClosId = "clos" },
            NetDevices = [new CdiNetDevice { HostInterfaceName = "eth9", Name = "net1" }],
        });
        var environment = spec.Process!.Env!.Select(Encoding.UTF8.GetString).ToList();
        Assert.Contains("A=2", environment);
        Assert.DoesNotContain("A=1", environment);
        Assert.Equal("NEW=x", environment[^1]);
        Assert.Equal("/lib/x", Assert.Single(spec.Mounts!, mount => mount.Destination == "/etc/hosts").Source);
        Assert.True(spec.Mounts!.ToList().FindIndex(m => m.Destination == "/a") < spec.Mounts!.ToList().FindIndex(m => m.Destination == "/etc/hosts"));
        var device = Assert.Single(spec.Linux!.Devices!);
        Assert.Equal(("/dev/made", "c", 10L, 232L, 101u), (device.Path, device.Type, device.Major, device.Minor, device.Uid!.Value));
        var rule = spec.Linux.Resources!.Devices![^1];
        Assert.Equal((true, "c", 10L, 232L, "r"), (rule.Allow, rule.Type, rule.Major!.Value, rule.Minor!.Value, rule.Access));
        Assert.Equal(("/h", 2), (spec.Hooks!.StartContainer![0].Path, spec.Hooks.StartContainer[0].Timeout!.Value));
        Assert.Contains(44u, spec.Process.User.AdditionalGids!);
        Assert.DoesNotContain(0u, spec.Process.User.AdditionalGids!);
        Assert.Equal("clos", spec.Linux.IntelRdt!.ClosId);
        Assert.Equal("net1", spec.Linux.NetDevices!["eth9"].Name);
    }

    [Fact]
    public void Build_DeviceThatTheHostLacks_IsRefusedByName() => Assert.Contains(
        "/dev/none",
        Given.Refused(() => Build(new CdiContainerEdits { DeviceNodes = [new CdiDeviceNode { Path = "/dev/none" }] })).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Build_NumbersGiven_TheHostIsNotAsked()
    {
        var spec = Build(new CdiContainerEdits { DeviceNodes = [new CdiDeviceNode { Path = "/dev/none", Type = "b", Major = 7, Minor = 1, Permissions = "none", FileMode = 0x180 }] });
        var device = Assert.Single(spec.Linux!.Devices!);
        Assert.Equal(("b", 7L, 1L, 0x180u), (device.Type, device.Major, device.Minor, device.FileMode!.Value));
        Assert.Equal("", spec.Linux.Resources!.Devices![^1].Access);
    }

    [Fact]
    public void Build_InAUserNamespace_DevicesAreBoundAndBindsAreMapped()
    {
        var pod = Given.BarePod();
        var map = new IDMapping { HostId = 1000, Length = 65536 };
        pod.Linux = new LinuxPodSandboxConfig
        {
            SecurityContext = new LinuxSandboxSecurityContext
            {
                NamespaceOptions = new NamespaceOption { UsernsOptions = new UserNamespace { Mode = NamespaceMode.Pod, Uids = { map }, Gids = { map } } },
            },
        };
        var container = Given.BareContainer();
        container.Devices.Add(new Device { HostPath = "/dev/kvm", ContainerPath = "/dev/own", Permissions = "rw" });
        var spec = ContainerSpecBuilder.Build(Given.Inputs(container, pod) with
        {
            HostFiles = Host,
            CdiEdits =
            [
                new CdiContainerEdits
                {
                    DeviceNodes = [new CdiDeviceNode { Path = "/dev/made", HostPath = "/dev/kvm" }],
                    Mounts = [new CdiMount { HostPath = "/lib/x", ContainerPath = "/x", Options = ["rbind"] }],
                },
            ],
        });
        Assert.Null(spec.Linux!.Devices);
        foreach (var place in new[] { "/dev/made", "/dev/own" })
        {
            var bound = Assert.Single(spec.Mounts!, mount => mount.Destination == place);
            Assert.Equal(("bind", "/dev/kvm"), (bound.Type, bound.Source));
        }

        Assert.Equal(1000u, Assert.Single(spec.Mounts!, mount => mount.Destination == "/x").UidMappings![0].HostID);
    }

    private static Spec Build(CdiContainerEdits edits) => ContainerSpecBuilder.Build(Given.Inputs() with { CdiEdits = [edits], HostFiles = Host });
}
