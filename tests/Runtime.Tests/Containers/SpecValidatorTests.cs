using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Commands;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Tests.Containers;

public sealed class SpecValidatorTests
{
    private static readonly Spec s_good = DefaultSpec.Build();

    [Fact]
    public void Validate_DefaultSpec_Passes() => SpecValidator.Validate(s_good);

    public static TheoryData<string, Spec> Bad() => new()
    {
        { "process is missing", s_good with { Process = null } },
        { "root is missing", s_good with { Root = null } },
        { "linux is missing", s_good with { Linux = null } },
        { "process.args", s_good with { Process = s_good.Process! with { Args = [] } } },
        { "process.args", s_good with { Process = s_good.Process! with { Args = ["a\0b"] } } },
        { "process.env", s_good with { Process = s_good.Process! with { Env = ["a\0b"u8.ToArray()] } } },
        { "process.cwd", s_good with { Process = s_good.Process! with { Cwd = "relative" } } },
        { "AppArmor", s_good with { Process = s_good.Process! with { ApparmorProfile = "x" } } },
        { "RLIMIT_X", s_good with { Process = s_good.Process! with { Rlimits = [new RlimitSpec { Type = "RLIMIT_X" }] } } },
        { "soft", s_good with { Process = s_good.Process! with { Rlimits = [new RlimitSpec { Type = "RLIMIT_CPU", Soft = 2, Hard = 1 }] } } },
        { "hooks.path", s_good with { Hooks = new HooksSpec { Poststop = [new HookSpec { Path = "relative" }] } } },
        { "hooks.timeout", s_good with { Hooks = new HooksSpec { Prestart = [new HookSpec { Path = "/bin/true", Timeout = 0 }] } } },
        { "twice", WithNamespaces("mount", "pid", "pid") },
        { "unknown type", WithNamespaces("mount", "nonsense") },
        { "hostname", WithNamespaces("mount") },
        { "uidMappings", WithNamespaces("mount", "uts", "user") },
        { "sysctl", s_good with { Linux = s_good.Linux! with { Sysctl = new Dictionary<string, string> { ["kernel.panic"] = "1" } } } },
        { "absolute", s_good with { Linux = s_good.Linux! with { MaskedPaths = ["proc/x"] } } },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Validate_ImpossibleSpec_NamesTheMember(string named, Spec spec)
    {
        var error = Assert.Throws<RuntimeException>(() => SpecValidator.Validate(spec));

        Assert.Equal(RuntimeErrorKind.InvalidArgument, error.Error.Kind);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    private static Spec WithNamespaces(params string[] types) =>
        s_good with { Linux = s_good.Linux! with { Namespaces = [.. types.Select(type => new NamespaceSpec { Type = type })] } };
}
