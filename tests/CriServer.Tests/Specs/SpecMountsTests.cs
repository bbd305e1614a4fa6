using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Specs;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Tests.Specs;

public class SpecMountsTests
{
    [Fact]
    public void Build_NothingAsked_HasTheDefaultsParentsFirst()
    {
        var places = Given.Build(_ => { }).Mounts!.Select(mount => mount.Destination);
        Assert.Equal(
            ["/proc", "/dev", "/sys", "/dev/pts", "/dev/mqueue", "/dev/shm", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/sys/fs/cgroup"],
            places);
    }

    [Fact]
    public void Build_SeveralAsked_AreSortedByDepthOtherwiseAsGiven()
    {
        var spec = Given.Build(c => c.Mounts.AddRange([Bind("/data/b"), Bind("/data/a"), Bind("/data"), Bind("/data/a/deep")]));
        Assert.Equal(["/data", "/data/b", "/data/a", "/data/a/deep"], spec.Mounts!.Select(m => m.Destination).Where(d => d.StartsWith("/data", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("/etc/hosts")]
    [InlineData("/etc/resolv.conf")]
    [InlineData("/dev/shm")]
    [InlineData("/sys/fs/cgroup")]
    [InlineData("/etc//./hosts")]
    public void Build_AskedWhereADefaultIs_ReplacesIt(string place)
    {
        var spec = Given.Build(c => c.Mounts.Add(Bind(place)));
        Assert.Equal("/host", Assert.Single(spec.Mounts!, mount => mount.Destination == TextRules.CleanPath(place)).Source);
    }

    [Theory]
    [InlineData(false, MountPropagation.PropagationPrivate, false, "rbind rprivate rw")]
    [InlineData(true, MountPropagation.PropagationPrivate, false, "rbind rprivate ro")]
    [InlineData(true, MountPropagation.PropagationPrivate, true, "rbind rprivate rro")]
    [InlineData(true, MountPropagation.PropagationHostToContainer, false, "rbind rslave ro")]
    [InlineData(false, MountPropagation.PropagationBidirectional, false, "rbind rshared rw")]
    public void Build_AccessAndPropagation_BecomeOptions(bool readOnly, MountPropagation propagation, bool recursive, string expected)
    {
        var mount = Bind("/data");
        (mount.Readonly, mount.Propagation, mount.RecursiveReadOnly) = (readOnly, propagation, recursive);
        Assert.Equal(expected, string.Join(' ', Find(Given.Build(c => c.Mounts.Add(mount)), "/data").Options!));
    }

    [Theory]
    [InlineData(false, MountPropagation.PropagationPrivate)]
    [InlineData(true, MountPropagation.PropagationHostToContainer)]
    [InlineData(true, MountPropagation.PropagationBidirectional)]
    public void Build_RecursiveReadOnlyThatCannotBe_IsRefused(bool readOnly, MountPropagation propagation)
    {
        var mount = Bind("/data");
        (mount.Readonly, mount.Propagation, mount.RecursiveReadOnly) = (readOnly, propagation, true);
        Assert.Contains("mounts[0].recursive_read_only", Refused(mount).Message);
    }

    [Fact]
    public void Build_HostPathIsALink_IsResolved()
    {
        var inputs = Given.Inputs();
        inputs.Config.Mounts.Add(Bind("/data"));
        ((FakeHostFiles)inputs.HostFiles).Links["/host"] = "/real";
        Assert.Equal("/real", Find(ContainerSpecBuilder.Build(inputs), "/data").Source);
    }

    [Fact]
    public void Build_HostPathMissing_IsRefusedByName()
    {
        var inputs = Given.Inputs();
        inputs.Config.Mounts.Add(Bind("/data"));
        ((FakeHostFiles)inputs.HostFiles).Missing.Add("/host");
        Assert.Equal("mounts[0].host_path \"/host\" does not exist", Given.Refused(() => ContainerSpecBuilder.Build(inputs)).Message);
    }

    [Theory]
    [InlineData(MountPropagation.PropagationBidirectional, HostPropagation.Slave)]
    [InlineData(MountPropagation.PropagationBidirectional, HostPropagation.Private)]
    [InlineData(MountPropagation.PropagationHostToContainer, HostPropagation.Private)]
    internal void Build_HostMountDoesNotPropagate_IsRefused(MountPropagation asked, HostPropagation host)
    {
        var inputs = Given.Inputs();
        var mount = Bind("/data");
        mount.Propagation = asked;
        inputs.Config.Mounts.Add(mount);
        ((FakeHostFiles)inputs.HostFiles).Propagations["/host"] = host;
        Given.Refused(() => ContainerSpecBuilder.Build(inputs));
    }

    [Theory]
    [InlineData("")]
    [InlineData("data")]
    [InlineData("/")]
    [InlineData("/data/..")]
    [InlineData("/a\nb")]
    public void Build_BadContainerPath_IsRefused(string path) => Assert.Contains("container_path", Refused(Bind(path)).Message);

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    public void Build_BadHostPath_IsRefused(string path) =>
        Assert.Contains("host_path", Refused(new Mount { ContainerPath = "/data", HostPath = path }).Message);

    [Fact]
    public void Build_MountOptions_AreAdded()
    {
        var mount = Bind("/data");
        mount.MountOptions.AddRange(["noexec", "nodev", "nosuid"]);
        Assert.Equal(["noexec", "nodev", "nosuid"], Find(Given.Build(c => c.Mounts.Add(mount)), "/data").Options!.Skip(3));
    }

    [Fact]
    public void Build_UnknownMountOption_IsRefused()
    {
        var mount = Bind("/data");
        mount.MountOptions.Add("suid");
        Refused(mount);
    }

    [Fact]
    public void Build_ImageVolumes_AreReadOnlyBindsOfWhatTheRuntimeIsGiven()
    {
        static Mount Volume(string place) => new() { ContainerPath = place, Image = new ImageSpec { Image = "x" }, Readonly = true };
        var spec = Given.Build(c => c.Mounts.AddRange([Volume("/a"), Bind("/b"), Volume("/c")]));
        Assert.Equal(("/volumes/0", "/volumes/1"), (Find(spec, "/a").Source, Find(spec, "/c").Source));
        Assert.Equal("bind rprivate ro nosuid nodev", string.Join(' ', Find(spec, "/c").Options!));
    }

    [Fact]
    public void Build_SubPathWithoutImage_IsRefused()
    {
        var mount = Bind("/data");
        mount.ImageSubPath = "folder";
        Assert.Contains("mounts[0].image_sub_path", Refused(mount).Message);
    }

    [Fact]
    public void Build_IdMappings_ArePassedOn()
    {
        var mount = Bind("/data");
        mount.UidMappings.Add(new IDMapping { HostId = 1000, ContainerId = 0, Length = 10 });
        mount.GidMappings.Add(new IDMapping { HostId = 1000, ContainerId = 0, Length = 10 });
        Assert.Equal(new IdMapping { HostID = 1000, Size = 10 }, Assert.Single(Find(Given.Build(c => c.Mounts.Add(mount)), "/data").UidMappings!));
    }

    [Fact]
    public void Build_HostIpc_SharesTheHostsMemory()
    {
        var pod = Given.BarePod();
        pod.Linux = new LinuxPodSandboxConfig
        {
            SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = new NamespaceOption { Ipc = NamespaceMode.Node } },
        };
        Assert.Equal("/dev/shm", Find(ContainerSpecBuilder.Build(Given.Inputs(pod: pod)), "/dev/shm").Source);
    }

    [Fact]
    public void Build_PodIpc_SharesThePodsMemory() => Assert.Equal("/run/state/sandboxes/s1/shm", Find(Given.Build(_ => { }), "/dev/shm").Source);

    [Fact]
    public void Build_ReadonlyRoot_MakesGeneratedFilesReadonly()
    {
        var spec = ContainerSpecBuilder.Build(Given.Secured(new LinuxContainerSecurityContext { ReadonlyRootfs = true }));
        Assert.Contains("ro", Find(spec, "/etc/resolv.conf").Options!);
    }

    [Theory]
    [InlineData("/sys", "ro", false)]
    [InlineData("/sys/fs/cgroup", "ro", false)]
    [InlineData("/sys", "rw", true)]
    [InlineData("/sys/fs/cgroup", "rw", true)]
    public void Build_Privileged_MakesSysWritable(string place, string access, bool privileged)
    {
        var spec = ContainerSpecBuilder.Build(Given.Secured(new LinuxContainerSecurityContext { Privileged = privileged }));
        Assert.Contains(access, Find(spec, place).Options!);
    }

    [Theory]
    [InlineData(MountPropagation.PropagationBidirectional, "rshared")]
    [InlineData(MountPropagation.PropagationHostToContainer, "rslave")]
    [InlineData(MountPropagation.PropagationPrivate, null)]
    public void RootfsPropagation_IsTheWidestOfTheMounts(MountPropagation asked, string? expected)
    {
        var mount = Bind("/data");
        mount.Propagation = asked;
        Assert.Equal(expected, Given.Build(c => c.Mounts.AddRange([Bind("/x"), mount])).Linux!.RootfsPropagation);
    }

    private static Mount Bind(string place) => new() { ContainerPath = place, HostPath = "/host" };

    private static MountSpec Find(Spec spec, string place) => spec.Mounts!.Single(mount => mount.Destination == place);

    private static CriException Refused(Mount mount) => Given.Refused(() => Given.Build(c => c.Mounts.Add(mount)));
}
