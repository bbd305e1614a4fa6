using CriShim.CriServer.Configuration;
using CriShim.CriServer.Networking;
using CriShim.CriServer.Programs;
using CriShim.Linux;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.CriServer.Tests.Networking;

/// <summary>
/// Fake CNI plugins: shell scripts that note each call (verb, type, netns, stdin) and then do what the test wants. And a
/// <see cref="PodNetwork"/> that uses them.
/// </summary>
internal sealed class PluginFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-net-").FullName;
    private readonly EpollLoop _loop = new();
    private readonly Thread _thread;

    public PluginFolder()
    {
        Directory.CreateDirectory(Bin);
        Directory.CreateDirectory(Configs);
        File.WriteAllText(Netns, "");
        _thread = new Thread(_loop.Run) { IsBackground = true };
        _thread.Start();
    }

    public string Root => Path.Combine(_folder, "root");

    public string Configs => Path.Combine(_folder, "net.d");

    public string Netns => Path.Combine(_folder, "netns");

    public string RecordPath => Path.Combine(Root, "network", "s1.json");

    private string Bin => Path.Combine(_folder, "bin");

    private string CallLog => Path.Combine(_folder, "calls");

    public IReadOnlyList<string> Calls => File.Exists(CallLog) ? File.ReadAllLines(CallLog) : [];

    public PodNetwork Network(int timeoutSeconds = 60, bool builtInBridge = false) => new(
        new NetworkOptions
        {
            ConfigFolder = Configs,
            PluginFolders = [Bin],
            PluginTimeoutSeconds = timeoutSeconds,
            BuiltInBridge = builtInBridge,
        },
        Root,
        new ProgramRunner(_loop),
        _ => { },
        NullLogger.Instance);

    public PodNetworkRequest Request => new("s1", "pod", "ns", "uid", Netns)
    {
        PortMappings = [new(PortProtocol.Tcp, 80, 0, ""), new(PortProtocol.Tcp, 81, 8081, "")],
    };

    public void Config(string version, params string[] types)
    {
        var plugins = string.Join(',', types.Select(type => $$"""{"type":"{{type}}","capabilities":{"portMappings":true} }"""));
        File.WriteAllText(
            Path.Combine(Configs, "10-test.conflist"), $$"""{"cniVersion":"{{version}}","name":"test","plugins":[{{plugins}}]}""");
    }

    /// <param name="add">Shell code of ADD.</param>
    /// <param name="delete">Shell code of DEL.</param>
    public void Plugin(string type, string add, string delete = "")
    {
        var path = Path.Combine(Bin, type);
        File.WriteAllText(path, $$"""
            #!/bin/sh
            in=$(cat)
            echo "$CNI_COMMAND {{type}} netns=$CNI_NETNS args=$CNI_ARGS $in" >> {{CallLog}}
            case $CNI_COMMAND in
            ADD) {{add}} ;;
            DEL) :; {{delete}} ;;
            esac

            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Shell code that prints a result with one address.</summary>
    public static string Result(string address) => $$"""echo '{"cniVersion":"1.0.0","ips":[{"address":"{{address}}/24"}]}'""";

    public void Dispose()
    {
        _loop.Stop();
        _thread.Join();
        _loop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
