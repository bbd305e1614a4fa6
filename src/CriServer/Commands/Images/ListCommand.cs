using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.CriServer.Commands.Parsing;
using CriShim.CriServer.Images;
using Image = CriShim.Cri.V1.Image;

namespace CriShim.CriServer.Commands.Images;

/// <summary><c>crishim image ls [NAME]</c>.</summary>
internal static class ListCommand
{
    private const string None = "<none>";
    private const int ShortIdLength = 13;

    private static readonly Flag s_quiet = new("--quiet", "ids only", Short: "-q");
    private static readonly Flag s_full = new("--no-trunc", "whole ids");
    private static readonly Flag s_digests = new("--digests", "a column with the digest in the registry");
    private static readonly Flag s_output = new("--output", "table or json", "FORMAT", "-o");
    private static readonly Flag s_json = new("--json", "as --output json");

    public static readonly CommandSyntax Syntax = new(
        "[NAME]", "List images: all, those of a repository, or one.", 0, 1, [s_quiet, s_full, s_digests, s_output, s_json, .. CommandContext.ServerFlags]);

    public static async Task<int> RunAsync(CommandContext context)
    {
        var arguments = context.Arguments;
        var format = arguments.Has(s_json.Name) ? "json" : arguments.Value(s_output.Name) ?? "table";
        if (format is not ("table" or "json"))
        {
            throw new UsageException($"no such format \"{format}\"");
        }

        using var server = context.Connect();
        var reply = await server.CallAsync(ImageCalls.List, new ListImagesRequest(), CancellationToken.None);
        var images = reply.Images.Where(image => Matches(image, arguments.Words is [var name] ? name : null)).ToList();
        if (format == "json")
        {
            var document = new ImageListDocument([.. images.Select(ImageDocument.Of)]);
            await context.Output.WriteLineAsync(JsonSerializer.Serialize(document, ImageDocumentsJsonContext.Default.ImageListDocument));
        }
        else if (arguments.Has(s_quiet.Name))
        {
            images.ForEach(image => context.Output.WriteLine(ShownId(image.Id, arguments)));
        }
        else
        {
            await context.Output.WriteAsync(ToTable(images, arguments).ToString());
        }

        return 0;
    }

    private static Table ToTable(List<Image> images, Arguments arguments)
    {
        var digests = arguments.Has(s_digests.Name);
        var table = digests ? new Table("IMAGE", "TAG", "DIGEST", "IMAGE ID", "SIZE") : new Table("IMAGE", "TAG", "IMAGE ID", "SIZE");
        foreach (var image in images)
        {
            var id = ShownId(image.Id, arguments);
            var size = HumanSize.Of((long)image.Size);
            foreach (var (repository, tag, digest) in NamesOf(image))
            {
                table.Add(digests ? [repository, tag, digest, id, size] : [repository, tag, id, size]);
            }
        }

        return table;
    }

    /// <summary>A row per tag; an image without one has a row per repository.</summary>
    internal static IEnumerable<(string Repository, string Tag, string Digest)> NamesOf(Image image)
    {
        var digests = image.RepoDigests.Select(name => name.Split('@')).ToLookup(parts => parts[0], parts => parts[1]);
        var tags = image.RepoTags.Select(name => (Repository: name[..name.LastIndexOf(':')], Tag: name[(name.LastIndexOf(':') + 1)..])).ToList();
        foreach (var (repository, tag) in tags)
        {
            yield return (repository, tag, digests[repository].FirstOrDefault(None));
        }

        foreach (var group in digests.Where(group => !tags.Exists(tag => tag.Repository == group.Key)))
        {
            yield return (group.Key, None, group.First());
        }

        if (tags.Count == 0 && digests.Count == 0)
        {
            yield return (None, None, None);
        }
    }

    /// <summary>A name without tag and digest means the whole repository here, not <c>:latest</c>.</summary>
    internal static bool Matches(Image image, string? wanted)
    {
        if (wanted is null || image.Id == wanted || image.Id["sha256:".Length..].StartsWith(wanted, StringComparison.Ordinal))
        {
            return true;
        }

        if (!ImageReference.TryParse(wanted, out var reference))
        {
            return false;
        }

        var names = image.RepoTags.Concat(image.RepoDigests);
        var isRepository = !wanted.Contains('@', StringComparison.Ordinal) && wanted.LastIndexOf(':') <= wanted.LastIndexOf('/');
        return isRepository
            ? names.Any(name => name.StartsWith(reference.Name + ":", StringComparison.Ordinal) || name.StartsWith(reference.Name + "@", StringComparison.Ordinal))
            : names.Contains(reference.StoredName);
    }

    private static string ShownId(string id, Arguments arguments) =>
        arguments.Has(s_full.Name) ? id : id[(id.IndexOf(':', StringComparison.Ordinal) + 1)..][..ShortIdLength];
}
