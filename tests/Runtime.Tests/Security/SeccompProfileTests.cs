using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Security;

namespace CriShim.Runtime.Tests.Security;

public sealed class SeccompProfileTests
{
    private const string Allow = "SCMP_ACT_ALLOW";
    private static readonly SeccompSpec s_allow = new() { DefaultAction = Allow };

    public static TheoryData<string> Actions() => [.. SeccompNames.Actions];

    [Theory]
    [MemberData(nameof(Actions))]
    public void Compile_EveryAction_GivesAProgram(string action) =>
        Assert.NotEmpty(SeccompProfile.Compile(s_allow with { ListenerPath = "/agent", Syscalls = [Rule(action, "mkdir")] }));

    [Theory]
    [InlineData("SCMP_CMP_NE")]
    [InlineData("SCMP_CMP_LT")]
    [InlineData("SCMP_CMP_LE")]
    [InlineData("SCMP_CMP_EQ")]
    [InlineData("SCMP_CMP_GE")]
    [InlineData("SCMP_CMP_GT")]
    [InlineData("SCMP_CMP_MASKED_EQ")]
    public void Compile_EveryOperator_GivesAProgram(string op) => Assert.NotEmpty(SeccompProfile.Compile(s_allow with
    {
        Syscalls = [Rule("SCMP_ACT_ERRNO", "personality") with { Args = [new SeccompArgSpec { Index = 0, Value = 8, ValueTwo = 8, Op = op }] }],
    }));

    [Theory]
    [InlineData("SECCOMP_FILTER_FLAG_TSYNC", 0)]
    [InlineData("SECCOMP_FILTER_FLAG_LOG", 2)]
    [InlineData("SECCOMP_FILTER_FLAG_SPEC_ALLOW", 4)]
    [InlineData("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0)] // means nothing without a listener
    public void Compile_Flag_IsTheKernels(string flag, ulong expected) =>
        Assert.Equal(expected, SeccompProfile.FlagsOf(SeccompProfile.Compile(s_allow with { Flags = [flag] })));

    [Fact]
    public void Compile_Notify_AsksForAListener()
    {
        var compiled = SeccompProfile.Compile(s_allow with
        {
            ListenerPath = "/agent",
            Flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
            Syscalls = [Rule("SCMP_ACT_NOTIFY", "mkdir")],
        });

        Assert.True(SeccompProfile.HasListener(compiled));
        Assert.Equal(SeccompNames.NewListener | SeccompNames.WaitKillable, SeccompProfile.FlagsOf(compiled));
    }

    [Fact]
    public void Compile_ListenerPathWithoutNotify_IsPassedOver() =>
        Assert.False(SeccompProfile.HasListener(SeccompProfile.Compile(s_allow with { ListenerPath = "/agent" })));

    [Fact]
    public void Compile_UnknownNameInAListOfAllowedCalls_IsPassedOver() =>
        Assert.NotEmpty(SeccompProfile.Compile(new SeccompSpec { DefaultAction = "SCMP_ACT_ERRNO", Syscalls = [Rule(Allow, "read", "nosuchcall")] }));

    public static TheoryData<string, SeccompSpec> Bad() => new()
    {
        { "SCMP_ACT_X", s_allow with { DefaultAction = "SCMP_ACT_X" } },
        { "SCMP_ACT_X", s_allow with { Syscalls = [Rule("SCMP_ACT_X", "mkdir")] } },
        { "nosuchcall", s_allow with { Syscalls = [Rule("SCMP_ACT_ERRNO", "nosuchcall")] } },
        { "names no system call", s_allow with { Syscalls = [Rule("SCMP_ACT_ERRNO")] } },
        { "SCMP_ARCH_X", s_allow with { Architectures = ["SCMP_ARCH_X"] } },
        { "SECCOMP_FILTER_FLAG_X", s_allow with { Flags = ["SECCOMP_FILTER_FLAG_X"] } },
        { "takes no errno", s_allow with { DefaultErrnoRet = 5 } },
        { "takes no errno", s_allow with { Syscalls = [Rule("SCMP_ACT_KILL", "mkdir") with { ErrnoRet = 5 }] } },
        { "too large", s_allow with { Syscalls = [Rule("SCMP_ACT_ERRNO", "mkdir") with { ErrnoRet = 70_000 }] } },
        { "argument 6", s_allow with { Syscalls = [Rule("SCMP_ACT_ERRNO", "mkdir") with { Args = [new SeccompArgSpec { Index = 6, Op = "SCMP_CMP_EQ" }] }] } },
        { "SCMP_CMP_X", s_allow with { Syscalls = [Rule("SCMP_ACT_ERRNO", "mkdir") with { Args = [new SeccompArgSpec { Op = "SCMP_CMP_X" }] }] } },
        { "needs listenerPath", s_allow with { Syscalls = [Rule("SCMP_ACT_NOTIFY", "mkdir")] } },
        { "absolute", s_allow with { ListenerPath = "agent", Syscalls = [Rule("SCMP_ACT_NOTIFY", "mkdir")] } },
        { "sendmsg", s_allow with { ListenerPath = "/agent", Syscalls = [Rule("SCMP_ACT_NOTIFY", "sendmsg")] } },
        { "sendmsg", new SeccompSpec { DefaultAction = "SCMP_ACT_NOTIFY", ListenerPath = "/agent" } },
        { "listenerMetadata", s_allow with { ListenerMetadata = "x" } },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Compile_ProfileThatCannotBeKept_SaysWhy(string named, SeccompSpec profile)
    {
        var error = Assert.Throws<RuntimeException>(() => SeccompProfile.Compile(profile));

        Assert.Equal(RuntimeErrorKind.InvalidArgument, error.Error.Kind);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    private static SeccompSyscallSpec Rule(string action, params string[] names) => new() { Action = action, Names = names };
}
