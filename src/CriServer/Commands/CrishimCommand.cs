using System.Collections;
using System.CommandLine;
using CriShim.CriServer.Configuration;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Commands;

/// <summary>The command line: <c>crishim [serve]</c>, <c>crishim config default|check</c>, <c>crishim version</c>.</summary>
internal static class CrishimCommand
{
    private const int ConfigurationError = 2;

    private static readonly Option<string?> s_config = Flag("--config", $"settings file (default {CriServerOptions.DefaultConfigPath}, which may be absent)", "file");
    private static readonly Option<string?> s_listen = Flag("--listen", "address of the CRI socket", "unix:///path");
    private static readonly Option<string?> s_root = Flag("--root", "folder of images and records", "folder");
    private static readonly Option<string?> s_state = Flag("--state", "folder of sockets, bundles and namespace pins", "folder");
    private static readonly Option<string?> s_logLevel = Flag("--log-level", string.Join(", ", Enum.GetNames<LogLevel>()).ToLowerInvariant(), "level");

    public static RootCommand Create()
    {
        var root = new RootCommand("Kubernetes CRI runtime");
        foreach (var flag in (Option[])[s_config, s_listen, s_root, s_state, s_logLevel])
        {
            root.Options.Add(flag);
        }

        root.SetAction(ServeAsync);
        var serve = new Command("serve", "answer CRI calls until SIGTERM (the default)");
        serve.SetAction(ServeAsync);
        var version = new Command("version", "print the version");
        version.SetAction(parsed => parsed.InvocationConfiguration.Output.WriteLine($"crishim {ServerVersion.Text}"));
        root.Subcommands.Add(serve);
        root.Subcommands.Add(ConfigCommand.Create(Load));
        root.Subcommands.Add(version);
        return root;
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var loaded = Load(parsed);
        if (loaded.Options is { } options)
        {
            return await Composition.ServeAsync(options, parsed.InvocationConfiguration.Error, cancellationToken);
        }

        foreach (var error in loaded.Errors)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"crishim: {error}");
        }

        return ConfigurationError;
    }

    private static LoadedOptions Load(ParseResult parsed)
    {
        var flags = new Dictionary<string, string>();
        void Add(string setting, Option<string?> flag)
        {
            if (parsed.GetValue(flag) is { } value)
            {
                flags[setting] = value;
            }
        }

        Add("listen", s_listen);
        Add("root", s_root);
        Add("state", s_state);
        Add("log.level", s_logLevel);
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? "");
        return OptionsLoader.Load(parsed.GetValue(s_config), environment, flags);
    }

    private static Option<string?> Flag(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value, Recursive = true };
}
