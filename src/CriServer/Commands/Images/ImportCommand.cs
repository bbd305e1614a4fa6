using CriShim.Api.V1;
using CriShim.CriServer.Commands.Parsing;

namespace CriShim.CriServer.Commands.Images;

/// <summary><c>crishim image import FILE</c>.</summary>
internal static class ImportCommand
{
    private static readonly Flag s_name = new("--name", "name, or repository for the archive's tags", "NAME");

    public static readonly CommandSyntax Syntax = new(
        "FILE", "Add the images of an archive or a folder.", 1, 1, [s_name, .. CommandContext.ServerFlags],
        """
        FILE is an OCI image layout, a docker archive (docker save) or a folder of skopeo's "dir:"; each as a folder or as a tar archive,
        which may be compressed. The server reads it: the path must mean the same to it.
        """);

    public static async Task<int> RunAsync(CommandContext context)
    {
        var request = new ImportRequest { Path = Path.GetFullPath(context.Arguments.Words[0]), Name = context.Arguments.Value(s_name.Name) ?? "" };
        using var server = context.Connect();
        await foreach (var image in server.StreamAsync(ImageCalls.Import, request, CancellationToken.None))
        {
            foreach (var name in image.Names)
            {
                await context.Output.WriteLineAsync($"{image.ImageId} {name}");
            }
        }

        return 0;
    }
}
