using CriShim.Api.V1;
using CriShim.CriServer.Commands.Parsing;
using CriShim.CriServer.Commands.Progress;
using CriShim.CriServer.Images;

namespace CriShim.CriServer.Commands.Images;

/// <summary><c>crishim image pull REF</c>: progress to stderr, the image's id to stdout.</summary>
internal static class PullCommand
{
    private static readonly Flag s_quiet = new("--quiet", "no progress, only the id", Short: "-q");

    public static readonly CommandSyntax Syntax = new(
        "REF", "Pull an image.", 1, 1, [s_quiet, .. CredentialFlags.All, .. CommandContext.ServerFlags],
        "Interrupted, it leaves the pull going on in the server for a while: the same command joins it again.");

    public static async Task<int> RunAsync(CommandContext context)
    {
        var name = context.Arguments.Words[0];
        var credentials = ImageReference.TryParse(name, out var reference) ? CredentialFlags.Find(context.Arguments, reference) : null;
        var request = new PullRequest { Reference = name, Credentials = credentials?.Credentials };
        var id = "";
        using var server = context.Connect();
        using (var view = OpenView(context))
        {
            await foreach (var progress in server.StreamAsync(ImageCalls.Pull, request, CancellationToken.None))
            {
                id = progress.ImageId;
                view.Show(progress);
            }
        }

        await context.Output.WriteLineAsync(id);
        return 0;
    }

    private static IPullView OpenView(CommandContext context)
    {
        if (context.Arguments.Has(s_quiet.Name))
        {
            return new SilentView();
        }

        return ReferenceEquals(context.Error, Console.Error) && TerminalView.TryOpen(context.Error) is { } terminal ? terminal : new LineView(context.Error);
    }
}
