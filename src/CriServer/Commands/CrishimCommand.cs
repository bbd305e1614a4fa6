using System.Collections;
using System.Text.Json;
using CriShim.CriServer.Commands.Images;
using CriShim.CriServer.Configuration;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Commands;

/// <summary>The command line: <c>crishim [serve]</c>, <c>crishim image …</c>, <c>crishim config default|check</c>, <c>crishim version</c>.</summary>
internal static class CrishimCommand
{
    private const int Ok = 0;
    private const int Failure = 1;
    private const int Usage = 2;

    private static readonly string s_help = $"""
        usage: crishim [serve] [flags]     answer CRI calls until SIGTERM
               crishim image COMMAND       images of the running server; crishim image --help tells more
               crishim config default      print all settings with their defaults
               crishim config check        report every mistake in the settings
               crishim version             print the version

        flags:
          --config FILE                    settings (default {CriServerOptions.DefaultConfigPath}, which may be absent)
          --listen unix:///PATH            address of the CRI socket
          --root FOLDER                    images and records
          --state FOLDER                   sockets, bundles and namespace pins
          --log-level LEVEL                {string.Join(", ", Enum.GetNames<LogLevel>()).ToLowerInvariant()}

        Every setting can be given as CRISHIM__SECTION__KEY in the environment too.
        """;

    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        if (args is ["image" or "images", ..])
        {
            return await ImageCommand.RunAsync(args[1..], output, error);
        }

        var line = CommandLine.Parse(args);
        if (line.Error is { } mistake)
        {
            await error.WriteLineAsync($"crishim: {mistake}");
            return Usage;
        }

        switch (line.Words)
        {
            case [] or ["serve"] when line.WantsHelp:
            case ["help"]:
                await output.WriteLineAsync(s_help);
                return Ok;
            case [] or ["serve"]:
                return await ServeAsync(line, error);
            case ["config", "default"]:
                await output.WriteLineAsync(JsonSerializer.Serialize(new CriServerOptions(), OptionsJsonContext.Default.CriServerOptions));
                return Ok;
            case ["config", "check"]:
                return await ReportAsync(Load(line).Errors, error);
            case ["version"]:
                await output.WriteLineAsync($"crishim {ServerVersion.Text}");
                return Ok;
            default:
                await error.WriteLineAsync($"crishim: no such command \"{string.Join(' ', line.Words)}\"; see crishim help");
                return Usage;
        }
    }

    private static async Task<int> ServeAsync(CommandLine line, TextWriter error)
    {
        var loaded = Load(line);
        return loaded.Options is { } options ? await Composition.ServeAsync(options, error) : await ReportAsync(loaded.Errors, error);
    }

    private static async Task<int> ReportAsync(IReadOnlyList<string> errors, TextWriter error)
    {
        foreach (var mistake in errors)
        {
            await error.WriteLineAsync($"crishim: {mistake}");
        }

        return errors.Count == 0 ? Ok : Failure;
    }

    private static LoadedOptions Load(CommandLine line)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? "");
        return OptionsLoader.Load(line.ConfigPath, environment, line.Settings);
    }
}
