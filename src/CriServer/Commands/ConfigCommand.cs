using System.CommandLine;
using System.Text.Json;
using CriShim.CriServer.Configuration;

namespace CriShim.CriServer.Commands;

/// <summary><c>crishim config default</c> prints all settings with their defaults; <c>config check</c> every mistake in those given.</summary>
internal static class ConfigCommand
{
    public static Command Create(Func<ParseResult, LoadedOptions> load)
    {
        var print = new Command("default", "print all settings with their defaults");
        print.SetAction(parsed => parsed.InvocationConfiguration.Output.WriteLine(
            JsonSerializer.Serialize(new CriServerOptions(), OptionsJsonContext.Default.CriServerOptions)));

        var check = new Command("check", "report every mistake in the settings");
        check.SetAction(parsed =>
        {
            var loaded = load(parsed);
            foreach (var error in loaded.Errors)
            {
                parsed.InvocationConfiguration.Error.WriteLine(error);
            }

            return loaded.Errors.Count == 0 ? 0 : 1;
        });

        return new Command("config", "the settings") { print, check };
    }
}
