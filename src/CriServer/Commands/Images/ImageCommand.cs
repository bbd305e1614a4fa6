using System.Text;
using CriShim.CriServer.Commands.Parsing;
using CriShim.GrpcServer.Client;
using Grpc.Core;

namespace CriShim.CriServer.Commands.Images;

/// <summary><c>crishim image VERB</c>: each verb talks to the running server, which alone may touch the store.</summary>
internal static class ImageCommand
{
    private const int Ok = 0;
    private const int Failure = 1;
    private const int Usage = 2;

    private static readonly IReadOnlyList<ImageVerb> s_verbs =
    [
        new(["ls", "list"], ListCommand.Syntax, ListCommand.RunAsync),
        new(["inspect"], InspectCommand.Syntax, InspectCommand.RunAsync),
        new(["pull"], PullCommand.Syntax, PullCommand.RunAsync),
        new(["rm", "remove"], RemoveCommand.Syntax, RemoveCommand.RunAsync),
        new(["import"], ImportCommand.Syntax, ImportCommand.RunAsync),
        new(["export"], ExportCommand.Syntax, ExportCommand.RunAsync),
        new(["why"], WhyCommand.Syntax, WhyCommand.RunAsync),
    ];

    /// <param name="args">What follows <c>crishim image</c>.</param>
    /// <returns>The process's exit code: 0 done, 1 failed, 2 a command line that is not understood.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        if (args is [] or ["help" or "-h" or CommandSyntax.HelpFlag, ..])
        {
            await output.WriteLineAsync(Help());
            return Ok;
        }

        if (s_verbs.FirstOrDefault(v => v.Names.Contains(args[0])) is not { } verb)
        {
            await error.WriteLineAsync($"crishim: no such command \"image {args[0]}\"; see crishim image --help");
            return Usage;
        }

        try
        {
            var arguments = verb.Syntax.Parse([.. args.Skip(1)]);
            if (arguments.Has(CommandSyntax.HelpFlag))
            {
                await output.WriteLineAsync(verb.Syntax.Help($"crishim image {verb.Names[0]}"));
                return Ok;
            }

            return await verb.RunAsync(new CommandContext(arguments, output, error));
        }
        catch (UsageException e)
        {
            await error.WriteLineAsync($"crishim: {e.Message}; see crishim image {verb.Names[0]} --help");
            return Usage;
        }
        catch (RpcException e)
        {
            await error.WriteLineAsync($"crishim: {e.Status.Detail}");
            return Failure;
        }
        catch (ConnectionException e)
        {
            await error.WriteLineAsync($"crishim: {e.Message}; is it running? start it with `crishim serve`, or name its socket with --address");
            return Failure;
        }
    }

    private static string Help()
    {
        var text = new StringBuilder("usage: crishim image COMMAND\n\nImages of the running server.\n\ncommands:");
        foreach (var verb in s_verbs)
        {
            text.Append($"\n  {verb.Names[0] + " " + verb.Syntax.Usage,-24} {verb.Syntax.Summary}");
        }

        return text.Append("\n\ncrishim image COMMAND --help tells more.").ToString();
    }
}
