using System.Text;
using CriShim.Cri.V1;
using CriShim.CriServer.Specs;
using Google.Protobuf;

namespace CriShim.CriServer.Tests.Specs;

public class SpecProcessTests
{
    [Theory]
    [InlineData("", "", "/entry serve")]
    [InlineData("", "x y", "/entry x y")]
    [InlineData("/run", "", "/run")]
    [InlineData("/run", "x y", "/run x y")]
    public void Args_CommandAndArgs_ReplaceTheImages(string command, string args, string expected)
    {
        var spec = Given.Build(c =>
        {
            c.Command.Clear();
            c.Command.AddRange(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            c.Args.AddRange(args.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        });
        Assert.Equal(expected.Split(' '), spec.Process!.Args!);
    }

    [Fact]
    public void Args_NothingAnywhere_IsRefused()
    {
        var inputs = Given.Inputs() with { Image = new ImageDefaults("x", [], [], [], "", "") };
        inputs.Config.Command.Clear();
        Assert.Contains("command", Given.Refused(() => ContainerSpecBuilder.Build(inputs)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void Args_BadProgram_IsRefused(string program) => Given.Refused(() => Given.Build(c => c.Command[0] = program));

    [Fact]
    public void Env_ImageThenClient_LastWinsInPlace()
    {
        var spec = Given.Build(c => c.Envs.Add(new KeyValue { Key = "A", Value = ByteString.CopyFromUtf8("2") }));
        Assert.Equal(["PATH=/bin", "HOSTNAME=node1", "A=2", "HOME=/home/web"], Given.Text(spec.Process!.Env));
    }

    [Fact]
    public void Env_NoPathAnywhere_HasTheDefault()
    {
        var spec = ContainerSpecBuilder.Build(Given.Inputs() with { Image = new ImageDefaults("x", [], [], [], "", "") });
        Assert.Equal("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", Given.Text(spec.Process!.Env)[0]);
    }

    [Fact]
    public void Env_ValueThatIsNotText_PassesAsBytes()
    {
        var spec = Given.Build(c => c.Envs.Add(new KeyValue { Key = "B", Value = ByteString.CopyFrom(0xff, 0xfe) }));
        Assert.Contains(spec.Process!.Env!, entry => entry.AsSpan().SequenceEqual((ReadOnlySpan<byte>)[(byte)'B', (byte)'=', 0xff, 0xfe]));
    }

    [Fact]
    public void Env_Tty_HasTerm() =>
        Assert.Contains("TERM=xterm", Given.Text(Given.Build(c => c.Tty = true).Process!.Env));

    [Fact]
    public void Env_ClientGivesHome_IsKept()
    {
        var spec = Given.Build(c => c.Envs.Add(new KeyValue { Key = "HOME", Value = ByteString.CopyFromUtf8("/x") }));
        Assert.Equal("HOME=/x", Assert.Single(Given.Text(spec.Process!.Env), entry => entry.StartsWith("HOME=", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("", "x")]
    [InlineData("A=B", "x")]
    [InlineData("A\n", "x")]
    [InlineData("A", "x\0y")]
    public void Env_BadEntry_IsRefused(string key, string value) =>
        Given.Refused(() => Given.Build(c => c.Envs.Add(new KeyValue { Key = key, Value = ByteString.CopyFromUtf8(value) })));

    [Fact]
    public void Env_ImageEntryWithoutValue_IsLeftOut()
    {
        var inputs = Given.Inputs() with { Image = new ImageDefaults("x", [], [], ["JUNK", "=x", "OK="], "", "") };
        var env = Given.Text(ContainerSpecBuilder.Build(inputs).Process!.Env);
        Assert.Equal(["OK="], env.Where(entry => entry is "JUNK" or "=x" or "OK="));
    }

    [Theory]
    [InlineData("", "/srv")]
    [InlineData("/a/../b", "/b")]
    public void Cwd_Asked_WinsOverImage(string asked, string expected) =>
        Assert.Equal(expected, Given.Build(c => c.WorkingDir = asked).Process!.Cwd);

    [Theory]
    [InlineData("app", "/app")]
    [InlineData("", "/")]
    public void Cwd_OfImage_IsMadeAbsolute(string folder, string expected)
    {
        var inputs = Given.Inputs() with { Image = new ImageDefaults("x", [], [], [], folder, "") };
        Assert.Equal(expected, ContainerSpecBuilder.Build(inputs).Process!.Cwd);
    }

    [Fact]
    public void Cwd_Relative_IsRefused() =>
        Assert.Contains("working_dir", Given.Refused(() => Given.Build(c => c.WorkingDir = "a")).Message);

    [Fact]
    public void OpenFiles_HostAllowsLess_IsClamped()
    {
        var inputs = Given.Inputs() with { Host = Given.Host with { OpenFilesHardLimit = 512 } };
        var limit = ContainerSpecBuilder.Build(inputs).Process!.Rlimits!.Single(item => item.Type == "RLIMIT_NOFILE");
        Assert.Equal(("RLIMIT_NOFILE", 512UL, 512UL), (limit.Type, limit.Soft, limit.Hard));
    }

    [Fact]
    public void OpenFiles_Default_IsExplicit()
    {
        var limit = Given.Build(_ => { }).Process!.Rlimits!.Single(item => item.Type == "RLIMIT_NOFILE");
        Assert.Equal((1024UL, 524288UL), (limit.Soft, limit.Hard));
    }

    /// <summary>One that is not named would be the server's.</summary>
    [Fact]
    public void Rlimits_OfTheKernel_AreAllNamedOnce() => Assert.Equal(16, Given.Build(_ => { }).Process!.Rlimits!.Select(item => item.Type).Distinct().Count());

    [Theory]
    [InlineData(-997, -1000, -997)]
    [InlineData(-997, 0, 0)]
    [InlineData(500, 0, 500)]
    public void OomScoreAdj_BelowWhatWeMaySet_IsClamped(long asked, int minimum, int expected)
    {
        var inputs = Given.Inputs() with { Host = Given.Host with { OomScoreAdjMinimum = minimum } };
        inputs.Config.Linux = new LinuxContainerConfig { Resources = new LinuxContainerResources { OomScoreAdj = asked } };
        Assert.Equal(expected, ContainerSpecBuilder.Build(inputs).Process!.OomScoreAdj);
    }

    [Fact]
    public void OomScoreAdj_NotGiven_IsSetToZero() => Assert.Equal(0, Given.Build(_ => { }).Process!.OomScoreAdj);

    [Fact]
    public void OomScoreAdj_OutOfRange_IsRefused() => Given.Refused(() => Given.Build(c =>
        c.Linux = new LinuxContainerConfig { Resources = new LinuxContainerResources { OomScoreAdj = 1001 } }));

    [Fact]
    public void User_Resolved_IsSet()
    {
        var user = ContainerSpecBuilder.Build(Given.Inputs() with { User = new ResolvedUser(5, 6, [6, 7], "/") }).Process!.User;
        Assert.Equal((5U, 6U), (user.Uid, user.Gid));
        Assert.Equal([6U, 7U], user.AdditionalGids!);
    }

    [Fact]
    public void Env_SharedImage_IsNotChangedByAContainer()
    {
        // CVE-2021-21334: one container's variables must not reach another one of the same image.
        var first = Given.Inputs();
        first.Config.Envs.Add(new KeyValue { Key = "SECRET", Value = ByteString.CopyFromUtf8("1") });
        _ = ContainerSpecBuilder.Build(first);
        var second = ContainerSpecBuilder.Build(Given.Inputs() with { Image = first.Image });
        Assert.DoesNotContain(second.Process!.Env!, entry => Encoding.UTF8.GetString(entry).StartsWith("SECRET", StringComparison.Ordinal));
    }
}
