using System.Text.Json;
using CriShim.Api.V1;
using CriShim.CriServer.Commands.Parsing;
using CriShim.CriServer.Images;

namespace CriShim.CriServer.Commands.Images;

/// <summary><c>crishim image why REF</c>: what a pull would do, and which file says so.</summary>
internal static class WhyCommand
{
    private static readonly Flag s_json = new("--json", "as JSON");

    public static readonly CommandSyntax Syntax = new(
        "REF", "Print what a pull would do, and why.", 1, 1, [s_json, .. CredentialFlags.All, .. CommandContext.ServerFlags],
        "Nothing is fetched and no host is asked.");

    public static async Task<int> RunAsync(CommandContext context)
    {
        var name = context.Arguments.Words[0];
        using var server = context.Connect();
        var plan = await server.CallAsync(ImageCalls.Explain, new ExplainRequest { Reference = name }, CancellationToken.None);
        var credentials = ImageReference.TryParse(name, out var reference) ? CredentialFlags.Find(context.Arguments, reference) : null;
        if (context.Arguments.Has(s_json.Name))
        {
            var document = PlanDocument.Of(plan, credentials);
            await context.Output.WriteLineAsync(JsonSerializer.Serialize(document, ImageDocumentsJsonContext.Default.PlanDocument));
        }
        else
        {
            Print(plan, credentials, context.Output);
        }

        return 0;
    }

    private static void Print(ExplainResponse plan, FoundCredentials? credentials, TextWriter output)
    {
        output.WriteLine($"name         {plan.Name}");
        output.WriteLine(plan.ImageId.Length > 0
            ? $"on this node {plan.ImageId}, {plan.LayersPresent} layers; a pull asks whether the name still means it"
            : "on this node nothing under this name");
        var number = 0;
        foreach (var host in plan.Hosts)
        {
            output.WriteLine($"host {++number,-8}{host.Address}");
            output.WriteLine($"             why: {host.Source}");
            output.WriteLine($"             for: {PurposeOf(host)}");
            output.WriteLine($"             tls: {host.Tls}");
            output.WriteLine($"             credentials: {(host.GetsCredentials ? "sent when it asks for them" : "never sent")}");
            foreach (var header in host.Headers)
            {
                output.WriteLine($"             header: {header}");
            }
        }

        output.WriteLine($"credentials  {credentials?.Source ?? "none found here"}; for pods the kubelet sends those of their pull secrets");
        output.WriteLine($"policy       {plan.Policy}{(plan.PolicyFile.Length > 0 ? $" ({plan.PolicyFile})" : "")}");
    }

    private static string PurposeOf(ExplainedHost host) => (host.ResolvesTags, host.GivesContent) switch
    {
        (true, true) => "tags and content",
        (true, false) => "tags only",
        (false, true) => "content by digest only",
        _ => "nothing",
    };
}
