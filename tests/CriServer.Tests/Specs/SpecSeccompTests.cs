using System.Text;
using CriShim.Cri.V1;
using CriShim.CriServer.Specs;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.RuntimeSpec;
using ProfileType = CriShim.Cri.V1.SecurityProfile.Types.ProfileType;

namespace CriShim.CriServer.Tests.Specs;

public class SpecSeccompTests
{
    [Fact]
    public void Build_NothingAsked_IsUnconfined() => Assert.Null(Build(new LinuxContainerSecurityContext()));

    [Fact]
    public void Build_Unconfined_IsNone() => Assert.Null(Build(Profile(ProfileType.Unconfined)));

    [Fact]
    public void Build_Privileged_IsNone()
    {
        var context = Profile(ProfileType.RuntimeDefault);
        context.Privileged = true;
        Assert.Null(Build(context));
    }

    [Fact]
    public void Build_EmptyProfile_IsTheDefault() =>
        Assert.Equal(38U, Build(new LinuxContainerSecurityContext { Seccomp = new SecurityProfile() })!.DefaultErrnoRet);

    [Theory]
    [InlineData("unconfined", false)]
    [InlineData("runtime/default", true)]
    public void Build_DeprecatedField_Counts(string path, bool filtered)
    {
#pragma warning disable CS0612
        var context = new LinuxContainerSecurityContext { SeccompProfilePath = path };
#pragma warning restore CS0612
        Assert.Equal(filtered, Build(context) is not null);
    }

    [Theory]
    [InlineData("/p.json")]
    [InlineData("localhost//p.json")]
    public void Build_Localhost_IsRead(string reference)
    {
        var spec = Build(Profile(ProfileType.Localhost, reference), """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["chmod"],"action":"SCMP_ACT_ERRNO"}]}""");
        Assert.Equal(["chmod"], Assert.Single(spec!.Syscalls!).Names);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["bpf"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_BPF"]}}]}""")]
    public void Build_LocalhostThatIsNoProfile_IsRefused(string json) =>
        Assert.Contains("/p.json", Given.Refused(() => Build(Profile(ProfileType.Localhost, "/p.json"), json)).Message);

    [Fact]
    public void Build_LocalhostMissing_IsRefused() =>
        Assert.Contains("does not exist", Given.Refused(() => Build(Profile(ProfileType.Localhost, "/none.json"))).Message);

    [Fact]
    public void Build_LocalhostRelative_IsRefused() => Given.Refused(() => Build(Profile(ProfileType.Localhost, "p.json")));

    [Theory]
    [InlineData("read", true)]
    [InlineData("execve", true)]
    [InlineData("ptrace", true)]
    [InlineData("sethostname", false)]
    [InlineData("mount", false)]
    [InlineData("unshare", false)]
    [InlineData("keyctl", false)]
    [InlineData("io_uring_setup", false)]
    [InlineData("userfaultfd", false)]
    [InlineData("chroot", true)]
    public void Default_DefaultCapabilities_AllowsOrRefuses(string call, bool allowed) => Assert.Equal(
        allowed ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO",
        Assert.Single(Default("CAP_SYS_CHROOT").Syscalls!, rule => rule.Names.Contains(call)).Action);

    [Theory]
    [InlineData("sethostname", "CAP_SYS_ADMIN")]
    [InlineData("bpf", "CAP_BPF")]
    [InlineData("bpf", "CAP_SYS_ADMIN")]
    [InlineData("clock_settime", "CAP_SYS_TIME")]
    [InlineData("clone3", "CAP_SYS_ADMIN")]
    public void Default_WithTheCapability_Allows(string call, string capability) =>
        Assert.Equal("SCMP_ACT_ALLOW", Assert.Single(Default(capability).Syscalls!, rule => rule.Names.Contains(call)).Action);

    [Fact]
    public void Default_WithoutSysAdmin_DoesNotKnowClone3() =>
        Assert.DoesNotContain(Default().Syscalls!, rule => rule.Names.Contains("clone3"));

    [Fact]
    public void Default_EveryCall_HasOneUnconditionalRule()
    {
        var names = Default("CAP_BPF", "CAP_SYS_ADMIN").Syscalls!.Where(rule => rule.Args is null).SelectMany(rule => rule.Names).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
    }

    [Theory]
    [InlineData(1, true)] // AF_UNIX
    [InlineData(10, true)] // AF_INET6
    [InlineData(16, true)] // AF_NETLINK
    [InlineData(39, true)]
    [InlineData(44, true)] // AF_XDP
    [InlineData(38, false)] // AF_ALG
    [InlineData(40, false)] // AF_VSOCK
    [InlineData(38 + (1L << 32), false)] // what the kernel reads as AF_ALG
    [InlineData(2 + (1L << 32), true)]
    public void Default_Socket_IsAllowedByFamily(long family, bool allowed) => Assert.Equal(allowed, Matches("socket", (ulong)family));

    [Theory]
    [InlineData(0x11, true)] // fork
    [InlineData(0x3d0f00, true)] // a thread
    [InlineData(0x10000000, false)] // CLONE_NEWUSER
    [InlineData(0x20011, false)] // CLONE_NEWNS
    public void Default_Clone_IsAllowedWithoutNamespaces(long flags, bool allowed) => Assert.Equal(allowed, Matches("clone", (ulong)flags));

    private static bool Matches(string call, ulong argument) => Default().Syscalls!
        .Where(rule => rule.Action == "SCMP_ACT_ALLOW" && rule.Names.Contains(call))
        .Any(rule => (argument & rule.Args![0].Value) == rule.Args[0].ValueTwo);

    private static SeccompSpec Default(params string[] capabilities) => DefaultSeccompProfile.Build(capabilities);

    private static LinuxContainerSecurityContext Profile(ProfileType type, string path = "") =>
        new() { Seccomp = new SecurityProfile { ProfileType = type, LocalhostRef = path } };

    private static SeccompSpec? Build(LinuxContainerSecurityContext context, string? json = null)
    {
        var inputs = Given.Secured(context);
        if (json is not null)
        {
            ((FakeHostFiles)inputs.HostFiles).Contents["/p.json"] = Encoding.UTF8.GetBytes(json);
        }

        return ContainerSpecBuilder.Build(inputs).Linux!.Seccomp;
    }
}
