using CriShim.CriServer.Configuration;
using CriShim.CriServer.Tests.Fakes;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Tests.Configuration;

public sealed class OptionsLoaderTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Dictionary<string, string> _environment = [];
    private readonly Dictionary<string, string> _flags = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_NothingGiven_GivesDefaults()
    {
        var runtime = Load("{}").Options!.Runtime;
        Assert.Empty(runtime.Handlers);
        Assert.Equal(new RuntimeOptions { Handlers = runtime.Handlers }, runtime);
    }

    [Fact]
    public void Load_CommentsAndTrailingCommas_AreAllowed() =>
        Assert.Equal("/x", Load("{ // where\n \"root\": \"/x\", /* end */ }").Options?.Root);

    [Fact]
    public void Load_FourSources_TheLastWins()
    {
        Directory.CreateDirectory(_folder["conf.d"]);
        File.WriteAllText(_folder["conf.d/10-a.json"], """{"root":"/2","state":"/2","runtime":{"maxLogLineBytes":2000}}""");
        File.WriteAllText(_folder["conf.d/20-b.json"], """{"state":"/3"}""");
        _environment["CRISHIM__LOG__LEVEL"] = "warning";
        _environment["CRISHIM__RUNTIME__MAXLOGLINEBYTES"] = "4000";
        _environment["CRISHIM__LISTEN"] = "unix:///env.sock";
        _flags["listen"] = "unix:///flag.sock";
        var options = Load("""{"root":"/1","state":"/1","runtime":{"maxLogLineBytes":1000,"execDrainMilliseconds":7}}""").Options!;
        Assert.Equal(
            ("/2", "/3", "/flag.sock", LogLevel.Warning, 4000, 7),
            (options.Root, options.State, options.SocketPath(), options.Log.Level, options.Runtime.MaxLogLineBytes, options.Runtime.ExecDrainMilliseconds));
    }

    [Fact]
    public void Load_ManyMistakes_ReportsAllWithTheirPaths()
    {
        _environment["CRISHIM__NO__SUCH"] = "1";
        _flags["log.level"] = "loud";
        _flags["listen"] = "relative.sock";
        var errors = Load("""{"rot":1,"runtime":{"binari":"","maxLogLineBytes":"x"},"root":null,"log":3,"state":"here"}""").Errors;
        string[] expected =
        [
            "rot: unknown key", "runtime.binari: unknown key", "runtime.maxLogLineBytes: \"x\" is not a number", "root: must not be null",
            "log: must be an object", "environment CRISHIM__NO__SUCH: no such setting", "log.level: \"loud\" is not one of", "listen: \"relative.sock\"",
            "state: \"here\" is not an absolute path",
        ];
        Assert.All(expected, text => Assert.Contains(errors, e => e.Contains(text, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, errors.Count);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"root\":\"/a\",\"root\":\"/b\"}")]
    public void Load_NotAnObject_NamesTheFile(string text) =>
        Assert.Contains(_folder["config.json"], Assert.Single(Load(text).Errors), StringComparison.Ordinal);

    [Fact]
    public void Load_GivenFileMissing_IsAnError() =>
        Assert.Single(OptionsLoader.Load(_folder["none.json"], _environment, _flags).Errors);

    private LoadedOptions Load(string text)
    {
        File.WriteAllText(_folder["config.json"], text);
        return OptionsLoader.Load(_folder["config.json"], _environment, _flags);
    }
}
