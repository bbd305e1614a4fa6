using CriShim.CriServer.Commands.Parsing;

namespace CriShim.CriServer.Tests.Commands;

public sealed class CommandSyntaxTests
{
    private static readonly CommandSyntax s_syntax = new(
        "REF [FILE]", "Does it.", 1, 2, [new Flag("--quiet", "no words", Short: "-q"), new Flag("--name", "a name", "NAME")]);

    [Fact]
    public void Parse_FlagsAnywhere_InAllForms()
    {
        var arguments = s_syntax.Parse(["-q", "a", "--name=x=y", "b"]);
        Assert.Equal(["a", "b"], arguments.Words);
        Assert.True(arguments.Has("--quiet"));
        Assert.Equal("x=y", arguments.Value("--name"));
        Assert.Equal("z", s_syntax.Parse(["--name", "z", "a"]).Value("--name"));
        Assert.Equal(["-q"], s_syntax.Parse(["--", "-q"]).Words);
        Assert.True(s_syntax.Parse(["--help"]).Has(CommandSyntax.HelpFlag));
    }

    [Theory]
    [InlineData("REF [FILE] is expected")]
    [InlineData("\"c\" is one word too many", "a", "b", "c")]
    [InlineData("no such flag --bad", "--bad", "a")]
    [InlineData("--name needs a value", "a", "--name")]
    [InlineData("--quiet has no value", "a", "--quiet=yes")]
    public void Parse_Mistake_IsTold(string error, params string[] args) =>
        Assert.Equal(error, Assert.Throws<UsageException>(() => s_syntax.Parse(args)).Message);

    [Fact]
    public void Help_HasUsageSummaryAndFlags()
    {
        var help = s_syntax.Help("crishim do");
        Assert.StartsWith("usage: crishim do [flags] REF [FILE]\n\nDoes it.\n", help, StringComparison.Ordinal);
        Assert.Contains("  -q, --quiet              no words", help, StringComparison.Ordinal);
        Assert.Contains("  --name NAME              a name", help, StringComparison.Ordinal);
    }
}
