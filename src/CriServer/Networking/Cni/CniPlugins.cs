using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CriShim.CriServer.Programs;
using CriShim.Linux;

namespace CriShim.CriServer.Networking.Cni;

/// <summary>Finds and calls plugins; a failure tells plugin, verb, duration and the plugin's own error (CNI specification, section 2).</summary>
internal sealed class CniPlugins(IReadOnlyList<string> folders, TimeSpan timeout, IProgramRunner process)
{
    private const int MaxErrorCharacters = 1024;

    /// <summary>Null when no folder has it.</summary>
    public string? Find(string type) => folders.Select(folder => Path.Combine(folder, type)).FirstOrDefault(File.Exists);

    /// <summary>Runs one verb of one plugin.</summary>
    /// <param name="variables">CNI_…=value without CNI_COMMAND and CNI_PATH.</param>
    /// <returns>What it printed; null when that is nothing.</returns>
    public async Task<JsonElement?> CallAsync(string verb, string type, IEnumerable<string> variables, byte[] stdin, CancellationToken ct)
    {
        var path = Find(type) ?? throw new CniException($"plugin \"{type}\" is not in {string.Join(", ", folders)}");
        var started = Stopwatch.GetTimestamp();
        ProgramResult result;
        try
        {
            result = await process.RunAsync(
                path, [$"CNI_COMMAND={verb}", .. variables, $"CNI_PATH={string.Join(':', folders)}"], stdin, timeout, ct);
        }
        catch (LinuxException e)
        {
            throw new CniException($"plugin \"{type}\" cannot be run: {e.Message}", e);
        }

        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        if (result.TimedOut)
        {
            throw new CniException($"plugin \"{type}\" {verb} was killed after {timeout.TotalSeconds:0.###} s{Tail(result)}");
        }

        if (result.ExitCode != 0)
        {
            throw new CniException($"plugin \"{type}\" {verb} failed after {elapsed:0} ms: {Explain(result)}");
        }

        return ParseOutput(verb, type, result.Stdout);
    }

    private static JsonElement? ParseOutput(string verb, string type, byte[] stdout)
    {
        if (stdout.AsSpan().Trim(" \t\r\n"u8).IsEmpty)
        {
            return null;
        }

        try
        {
            return JsonDocument.Parse(stdout).RootElement;
        }
        catch (JsonException) when (verb != "ADD")
        {
            // Only ADD has a result
            return null;
        }
        catch (JsonException e)
        {
            throw new CniException($"plugin \"{type}\" {verb} printed no JSON: {Shorten(Encoding.UTF8.GetString(stdout))}", e);
        }
    }

    /// <summary>The error object on stdout, or whatever was printed.</summary>
    private static string Explain(ProgramResult result)
    {
        try
        {
            using var document = JsonDocument.Parse(result.Stdout);
            var error = document.RootElement;
            if (error.ValueKind == JsonValueKind.Object && error.TryGetProperty("msg", out var message))
            {
                var code = error.TryGetProperty("code", out var number) ? $"code {number}: " : "";
                var details = error.TryGetProperty("details", out var more) && more.ToString() is { Length: > 0 } text ? $"; {text}" : "";
                return Shorten(code + message + details);
            }
        }
        catch (JsonException)
        {
            // Not the error object of the specification
        }

        return $"exit code {result.ExitCode}{Tail(result)}";
    }

    private static string Tail(ProgramResult result)
    {
        var text = $"{Encoding.UTF8.GetString(result.Stderr)} {Encoding.UTF8.GetString(result.Stdout)}".Trim();
        return text.Length == 0 ? "" : $": {Shorten(text)}";
    }

    private static string Shorten(string text) => text.Length <= MaxErrorCharacters ? text : text[..MaxErrorCharacters] + " (cut)";
}
