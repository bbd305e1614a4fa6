using CriShim.Cri.V1;
using CriShim.CriServer.Specs;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.RuntimeSpec;
using ProfileType = CriShim.Cri.V1.SecurityProfile.Types.ProfileType;

namespace CriShim.CriServer.Tests.Specs;

public sealed class SpecLabelsTests
{
    private const string Field = "linux.security_context.apparmor";

    private static readonly SelinuxDefaults s_selinux = new(
        SelinuxLabel.Parse("system_u:system_r:container_t:s0")!, SelinuxLabel.Parse("system_u:object_r:container_file_t:s0")!);

    [Fact]
    public void AppArmor_NothingAsked_IsTheDefault() => Assert.Equal("ours", Profile(new LinuxContainerSecurityContext()));

    [Fact]
    public void AppArmor_NothingAskedPrivileged_IsNone() => Assert.Null(Profile(new LinuxContainerSecurityContext { Privileged = true }));

    [Theory]
    [InlineData(ProfileType.RuntimeDefault, "ours")]
    [InlineData(ProfileType.Unconfined, null)]
    [InlineData(ProfileType.Localhost, "loaded")]
    public void AppArmor_Asked_IsThat(ProfileType type, string? expected) =>
        Assert.Equal(expected, Profile(new LinuxContainerSecurityContext { Apparmor = new SecurityProfile { ProfileType = type, LocalhostRef = type == ProfileType.Localhost ? "loaded" : "" } }));

    /// <summary>Never weaker than asked.</summary>
    [Fact]
    public void AppArmor_AskedByAPrivilegedContainer_IsThat() => Assert.Equal(
        "loaded", Profile(new LinuxContainerSecurityContext { Privileged = true, Apparmor = new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = "loaded" } }));

#pragma warning disable CS0612 // older clients send only the deprecated field
    [Theory]
    [InlineData("", "ours")]
    [InlineData("runtime/default", "ours")]
    [InlineData("unconfined", null)]
    [InlineData("loaded", "loaded")]
    [InlineData("localhost/loaded", "loaded")]
    public void AppArmor_DeprecatedField_MeansTheSame(string text, string? expected) =>
        Assert.Equal(expected, Profile(new LinuxContainerSecurityContext { ApparmorProfile = text }));

    [Fact]
    public void AppArmor_BothFields_TheNewOneWins() => Assert.Equal(
        "loaded", Profile(new LinuxContainerSecurityContext { ApparmorProfile = "absent", Apparmor = new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = "loaded" } }));
#pragma warning restore CS0612

    [Theory]
    [InlineData("absent", "not loaded")]
    [InlineData("", "localhost_ref")]
    [InlineData("a\nb", "localhost_ref")]
    public void AppArmor_ProfileThatCannotBe_NamesTheField(string name, string text)
    {
        var context = new LinuxContainerSecurityContext { Apparmor = new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = name } };
        var error = Given.Refused(() => Profile(context));
        Assert.Contains(Field, error.Message, StringComparison.Ordinal);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProfileType.RuntimeDefault)]
    [InlineData(ProfileType.Localhost)]
    public void AppArmor_AskedOfAKernelWithoutIt_NamesTheField(ProfileType type)
    {
        var inputs = Given.Secured(new LinuxContainerSecurityContext { Apparmor = new SecurityProfile { ProfileType = type, LocalhostRef = "loaded" } });
        Assert.Contains(Field, Given.Refused(() => ContainerSpecBuilder.Build(inputs)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_KernelWithoutSelinux_AreNone()
    {
        var spec = ContainerSpecBuilder.Build(Given.Secured(new LinuxContainerSecurityContext { SelinuxOptions = new SELinuxOption() }));
        Assert.Null(spec.Process!.SelinuxLabel);
        Assert.Null(spec.Linux!.MountLabel);
    }

    [Fact]
    public void Labels_AskedOfAKernelWithoutSelinux_NameTheField()
    {
        var inputs = Given.Secured(new LinuxContainerSecurityContext { SelinuxOptions = new SELinuxOption { Type = "t" } });
        Assert.Contains("linux.security_context.selinux_options", Given.Refused(() => ContainerSpecBuilder.Build(inputs)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_NothingAsked_HaveThePodsLevel()
    {
        var spec = Labelled(new LinuxContainerSecurityContext());
        Assert.Equal("system_u:system_r:container_t:s0:c1,c2", spec.Process!.SelinuxLabel);
        Assert.Equal("system_u:object_r:container_file_t:s0:c1,c2", spec.Linux!.MountLabel);
    }

    [Fact]
    public void Labels_Asked_ChangeTheProcessAndTheLevelOfItsFiles()
    {
        var spec = Labelled(new LinuxContainerSecurityContext { SelinuxOptions = new SELinuxOption { User = "u", Role = "r", Type = "t", Level = "s0:c7" } });
        Assert.Equal("u:r:t:s0:c7", spec.Process!.SelinuxLabel);
        Assert.Equal("system_u:object_r:container_file_t:s0:c7", spec.Linux!.MountLabel);
    }

    [Fact]
    public void Labels_Privileged_LeaveTheProcessToThePolicy() =>
        Assert.Null(Labelled(new LinuxContainerSecurityContext { Privileged = true }).Process!.SelinuxLabel);

    [Theory]
    [InlineData("a:b", "")]
    [InlineData("", "s0,context=evil")]
    public void Labels_PartsOfNoContext_NameTheField(string type, string level)
    {
        var error = Given.Refused(() => Labelled(new LinuxContainerSecurityContext { SelinuxOptions = new SELinuxOption { Type = type, Level = level } }));
        Assert.Contains("selinux_options", error.Message, StringComparison.Ordinal);
    }

    private static string? Profile(LinuxContainerSecurityContext context) => ContainerSpecBuilder.Build(Given.Secured(context) with
    {
        Host = Given.Host with { AppArmor = new AppArmorFacts(true, "ours", "") },
        HostFiles = new FakeHostFiles { AppArmorProfiles = { "loaded" } },
    }).Process!.ApparmorProfile;

    private static Spec Labelled(LinuxContainerSecurityContext context)
    {
        var inputs = Given.Secured(context);
        return ContainerSpecBuilder.Build(inputs with { Host = Given.Host with { Selinux = s_selinux }, Sandbox = inputs.Sandbox with { SelinuxLevel = "s0:c1,c2" } });
    }
}
