using CriShim.Cri.V1;
using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Tests.Specs;

public class ContainerConfigValidatorTests
{
    [Fact]
    public void Check_WhatKubeletSends_Passes() => ContainerConfigValidator.Check(Given.KubeletContainer());

    [Fact]
    public void Check_WhatCritestSends_Passes() => ContainerConfigValidator.Check(Given.BareContainer());

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Check_WrongField_IsRefusedByName(string field, Action<ContainerConfig> change)
    {
        var config = Given.BareContainer();
        change(config);
        Assert.Contains(field, Given.Refused(() => ContainerConfigValidator.Check(config)).Message);
    }

    public static TheoryData<string, Action<ContainerConfig>> Wrong => new()
    {
        { "metadata", c => c.Metadata = null },
        { "metadata.name", c => c.Metadata.Name = "" },
        { "image", c => c.Image = null },
        { "image", c => c.Image.Image = "" },
        { "labels", c => c.Labels["x\0"] = "" },
        { "stop_signal", c => c.StopSignal = (Signal)99 },
        { "run_as_group", c => Context(c).RunAsGroup = new Int64Value() },
        { "run_as_user", c => Context(c).RunAsUser = new Int64Value { Value = -1 } },
        { "run_as_username", c => Context(c).RunAsUsername = "99999999999" },
        { "target_id", c => Context(c).NamespaceOptions = new NamespaceOption { Pid = NamespaceMode.Target } },
        { "namespace_options.pid", c => Context(c).NamespaceOptions = new NamespaceOption { Pid = (NamespaceMode)8 } },
        { "seccomp.profile_type", c => Context(c).Seccomp = new SecurityProfile { ProfileType = (SecurityProfile.Types.ProfileType)7 } },
    };

    [Theory]
    [InlineData("/logs", "a/0.log", "/logs/a/0.log")]
    [InlineData("/logs/", "a//0.log", "/logs/a/0.log")]
    [InlineData("", "a.log", null)]
    [InlineData("/logs", "", null)]
    public void LogPath_Good_IsJoined(string folder, string path, string? expected) =>
        Assert.Equal(expected, LogPath(folder, path));

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a/")]
    [InlineData(".")]
    [InlineData("a\nb")]
    public void LogPath_Escape_IsRefused(string path) => Assert.Contains("log_path", Given.Refused(() => LogPath("/logs", path)).Message);

    private static string? LogPath(string folder, string path) =>
        ContainerConfigValidator.LogPath(new PodSandboxConfig { LogDirectory = folder }, new ContainerConfig { LogPath = path });

    private static LinuxContainerSecurityContext Context(ContainerConfig config)
    {
        config.Linux ??= new LinuxContainerConfig();
        return config.Linux.SecurityContext ??= new LinuxContainerSecurityContext();
    }
}
