using CriShim.CriServer.Commands;

namespace CriShim.CriServer.Tests.Commands;

public sealed class CommandLineTests
{
    [Fact]
    public void Parse_FlagsAnywhere_InBothForms()
    {
        var line = CommandLine.Parse(["--root", "/r", "serve", "--listen=unix:///a=b", "--config", "c.json"]);
        Assert.Equal(["serve"], line.Words);
        Assert.Equal(("/r", "unix:///a=b", "c.json"), (line.Settings["root"], line.Settings["listen"], line.ConfigPath));
    }

    [Theory]
    [InlineData("--rot", "no such flag --rot")]
    [InlineData("--root", "--root needs a value")]
    public void Parse_Mistake_IsTold(string flag, string error) =>
        Assert.StartsWith(error, CommandLine.Parse([flag]).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData(0, "version")]
    [InlineData(0, "help")]
    [InlineData(0, "--help")]
    [InlineData(0, "config", "default")]
    [InlineData(1, "config", "check", "--log-level", "loud")]
    [InlineData(1, "serve", "--listen", "tcp://1.2.3.4")]
    [InlineData(2, "dance")]
    [InlineData(2, "--dance")]
    public async Task RunAsync_Command_HasItsExitCode(int code, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(code, await CrishimCommand.RunAsync(args, output, error));
        Assert.Equal(code == 0, error.ToString().Length == 0);
        Assert.Equal(code == 0, output.ToString().Length > 0);
    }
}
