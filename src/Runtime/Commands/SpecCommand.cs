using System.Text.Json;
using CriShim.Oci;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Commands;

internal static class SpecCommand
{
    public static int Run(CommandContext context)
    {
        var line = CommandLine.Parse(context.Words, ["rootless"], ["bundle,b"]);
        line.Require(0, 0, "spec [--bundle folder] [--rootless]");
        var path = Path.Combine(line.Get("bundle") ?? ".", StateLayout.SpecFile);
        if (File.Exists(path))
        {
            throw new RuntimeException(RuntimeErrorKind.AlreadyExists, $"File {StateLayout.SpecFile} exists. Remove it first");
        }

        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        using var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        JsonSerializer.Serialize(writer, line.Has("rootless") ? DefaultSpec.BuildRootless() : DefaultSpec.Build(), OciJsonContext.Default.Spec);
        return 0;
    }
}
