using System.Collections;
using CriShim.CriServer.Commands.Parsing;
using CriShim.CriServer.Configuration;
using CriShim.GrpcServer.Client;

namespace CriShim.CriServer.Commands;

/// <summary>What a command for people works with.</summary>
internal sealed record CommandContext(Arguments Arguments, TextWriter Output, TextWriter Error)
{
    private const string AddressFlag = "--address";
    private const string ConfigFlag = "--config";

    /// <summary>Flags of every command that talks to the server.</summary>
    public static readonly IReadOnlyList<Flag> ServerFlags =
    [
        new(AddressFlag, "the server's socket (default: the setting \"listen\")", "unix:///PATH"),
        new(ConfigFlag, $"settings to find the socket in (default {CriServerOptions.DefaultConfigPath})", "FILE"),
    ];

    /// <exception cref="UsageException">The settings that name the socket are wrong.</exception>
    public GrpcClient Connect() => new(SocketPath());

    private string SocketPath()
    {
        if (Arguments.Value(AddressFlag) is { } address)
        {
            return new CriServerOptions { Listen = address }.SocketPath();
        }

        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? "");
        var loaded = OptionsLoader.Load(Arguments.Value(ConfigFlag), environment, new Dictionary<string, string>());
        return loaded.Options?.SocketPath() ?? throw new UsageException(string.Join("; ", loaded.Errors));
    }
}
