using CriShim.Api.V1;
using CriShim.CriServer.Commands.Parsing;

namespace CriShim.CriServer.Commands.Images;

/// <summary><c>crishim image export REF… FILE</c>.</summary>
internal static class ExportCommand
{
    private static readonly Flag s_format = new("--format", "oci (default) or docker", "FORMAT");
    private static readonly Flag s_folder = new("--folder", "make a folder instead of a tar archive; oci only");
    private static readonly Flag s_uncompressed = new("--uncompressed", "layers as plain tar; docker archives always have them so");

    public static readonly CommandSyntax Syntax = new(
        "REF... FILE", "Write images as an archive.", 2, int.MaxValue, [s_format, s_folder, s_uncompressed, .. CommandContext.ServerFlags],
        """
        Layers are kept unpacked, and are packed anew: each file is the same, but an image's id may not be. The server writes FILE, which
        must not be there yet: the path must mean the same to it.
        """);

    public static async Task<int> RunAsync(CommandContext context)
    {
        var words = context.Arguments.Words;
        var request = new ExportRequest
        {
            Path = Path.GetFullPath(words[^1]),
            Format = ReadFormat(context.Arguments.Value(s_format.Name)),
            Folder = context.Arguments.Has(s_folder.Name),
            Uncompressed = context.Arguments.Has(s_uncompressed.Name),
        };
        request.References.AddRange(words.SkipLast(1));
        if (request is { Folder: true, Format: ArchiveFormat.Docker })
        {
            throw new UsageException("a docker archive is no folder");
        }

        using var server = context.Connect();
        await foreach (var image in server.StreamAsync(ImageCalls.Export, request, CancellationToken.None))
        {
            var change = image.ExportedId == image.ImageId ? "" : $" as {image.ExportedId}";
            await context.Output.WriteLineAsync($"{image.ImageId}{change} ({HumanSize.Of(image.Bytes)})");
        }

        return 0;
    }

    private static ArchiveFormat ReadFormat(string? text) => text switch
    {
        null or "oci" => ArchiveFormat.Oci,
        "docker" => ArchiveFormat.Docker,
        _ => throw new UsageException($"no such format \"{text}\""),
    };
}
