using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Commands;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Tests.Commands;

public sealed class CommandLineTests
{
    private static readonly string[] s_switches = ["detach,d", "force"];
    private static readonly string[] s_options = ["bundle,b", "env,e"];

    [Theory]
    [InlineData("--bundle", "x", "id")]
    [InlineData("--bundle=x", "id")]
    [InlineData("-b", "x", "id")]
    [InlineData("-bundle", "x", "id")]
    public void Parse_FlagWithValue_IsReadInEveryForm(params string[] words)
    {
        var line = CommandLine.Parse(words, s_switches, s_options);

        Assert.Equal("x", line.Get("bundle"));
        Assert.Equal(["id"], line.Arguments);
    }

    [Fact]
    public void Parse_FlagsBehindTheFirstArgument_BelongToTheCommand() =>
        Assert.Equal(["id", "ls", "-d", "--force"], CommandLine.Parse(["-d", "id", "ls", "-d", "--force"], s_switches, s_options).Arguments);

    [Theory]
    [InlineData("--detach", true)]
    [InlineData("-d=true", true)]
    [InlineData("--detach=false", false)]
    public void Has_Switch_MayHaveAValue(string word, bool set) => Assert.Equal(set, CommandLine.Parse([word], s_switches, s_options).Has("detach"));

    [Fact]
    public void All_RepeatedFlag_KeepsAll() => Assert.Equal(["A=1", "B=2"], CommandLine.Parse(["-e", "A=1", "--env=B=2"], s_switches, s_options).All("env"));

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("--bundle")]
    public void Parse_WrongFlag_IsRefused(string word) => Assert.Throws<RuntimeException>(() => CommandLine.Parse([word], s_switches, s_options));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("9", 9)]
    [InlineData("KILL", 9)]
    [InlineData("sigterm", 15)]
    [InlineData("SIGRTMIN", 34)]
    [InlineData("RTMIN+3", 37)]
    [InlineData("SIGRTMAX-1", 63)]
    public void Parse_Signal_NumberOrName(string text, int number) => Assert.Equal(number, SignalNames.Parse(text));

    [Theory]
    [InlineData("65")]
    [InlineData("-9")]
    [InlineData("NONSENSE")]
    [InlineData("RTMIN+99")]
    public void Parse_NoSignal_IsRefused(string text) => Assert.Throws<RuntimeException>(() => SignalNames.Parse(text));

    [Theory]
    [InlineData("1000", 1000, 7)]
    [InlineData("1000:1001", 1000, 1001)]
    [InlineData("0:0", 0, 0)]
    public void ParseUser_Numbers_AreTaken(string text, uint uid, uint gid)
    {
        var user = ExecOptions.ParseUser(text, new UserSpec { Uid = 5, Gid = 7 });

        Assert.Equal((uid, gid), (user.Uid, user.Gid));
    }

    [Theory]
    [InlineData("")]
    [InlineData("root")]
    [InlineData("1000:")]
    [InlineData(":1000")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("0x1")]
    [InlineData("4294967295")]
    [InlineData("1:2:3")]
    public void ParseUser_AnythingElse_IsRefused(string text) => Assert.Throws<RuntimeException>(() => ExecOptions.ParseUser(text, new UserSpec()));
}
