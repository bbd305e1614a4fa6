using CriShim.CriServer.Images.Toml;

namespace CriShim.CriServer.Tests.Images;

public class TomlReaderTests
{
    [Fact]
    public void Parse_AllForms_AreRead()
    {
        var document = TomlReader.Parse("""
            # comment
            text = "a\t\"b\" \u00e9" # after
            literal = 'C:\x'
            "quoted key" = -12
            a.b = true
            list = [ "x", # one
              "y",
            ]
            nested = [["c", "k"]]
            inline = { p = 1, q = "r" }
            [host."http://h:1"]
              capabilities = ["pull"]
            [host."http://h:1".header]
              X-A = "1"
            """);
        Assert.Equal("a\t\"b\" é", document["text"]);
        Assert.Equal("C:\\x", document["literal"]);
        Assert.Equal(-12L, document["quoted key"]);
        Assert.Equal(true, ((TomlTable)document["a"]!)["b"]);
        Assert.Equal(["x", "y"], (List<object>)document["list"]!);
        Assert.Equal(["c", "k"], (List<object>)((List<object>)document["nested"]!)[0]);
        Assert.Equal("r", ((TomlTable)document["inline"]!)["q"]);
        var host = (TomlTable)((TomlTable)document["host"]!)["http://h:1"]!;
        Assert.Equal("1", ((TomlTable)host["header"]!)["X-A"]);
    }

    [Theory]
    [InlineData("a", "line 1")]
    [InlineData("a = ", "line 1")]
    [InlineData("\n\na = x", "line 3")]
    [InlineData("a = 1 b = 2", "end of the line")]
    [InlineData("a = 1\na = 2", "twice")]
    [InlineData("[t]\n[t]", "twice")]
    [InlineData("a = 1\n[a]", "not a table")]
    [InlineData("a = \"x", "not closed")]
    [InlineData("a = \"\"\"x\"\"\"", "several lines")]
    [InlineData("a = \"\\q\"", "escape")]
    [InlineData("[[t]]", "arrays of tables")]
    [InlineData("a = 1.5", "invalid value")]
    [InlineData("a = [1", "expected")]
    public void Parse_Wrong_NamesLineAndProblem(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<TomlException>(() => TomlReader.Parse(text)).Message);

    [Fact]
    public void Parse_DeepNesting_IsRefused() =>
        Assert.Throws<TomlException>(() => TomlReader.Parse("a = " + new string('[', 100_000)));
}
