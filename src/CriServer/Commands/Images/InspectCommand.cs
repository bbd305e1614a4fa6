using System.Text;
using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.CriServer.Commands.Parsing;
using Grpc.Core;

namespace CriShim.CriServer.Commands.Images;

/// <summary><c>crishim image inspect REF…</c>: JSON with <c>status</c> and <c>info</c>, as crictl inspecti prints it.</summary>
internal static class InspectCommand
{
    public static readonly CommandSyntax Syntax = new(
        "REF...", "Print what is known of images, as JSON.", 1, int.MaxValue, CommandContext.ServerFlags, "One image gives an object, several give an array.");

    public static async Task<int> RunAsync(CommandContext context)
    {
        using var server = context.Connect();
        var replies = new List<ImageStatusResponse>();
        foreach (var name in context.Arguments.Words)
        {
            var request = new ImageStatusRequest { Image = new ImageSpec { Image = name }, Verbose = true };
            var reply = await server.CallAsync(ImageCalls.Status, request, CancellationToken.None);
            replies.Add(reply.Image is null ? throw new RpcException(new Status(StatusCode.NotFound, $"image \"{name}\" not found")) : reply);
        }

        await context.Output.WriteLineAsync(ToJson(replies));
        return 0;
    }

    private static string ToJson(List<ImageStatusResponse> replies)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
        {
            if (replies.Count == 1)
            {
                Write(json, replies[0]);
            }
            else
            {
                json.WriteStartArray();
                replies.ForEach(reply => Write(json, reply));
                json.WriteEndArray();
            }
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    private static void Write(Utf8JsonWriter json, ImageStatusResponse reply)
    {
        json.WriteStartObject();
        json.WritePropertyName("status");
        JsonSerializer.Serialize(json, ImageDocument.Of(reply.Image), ImageDocumentsJsonContext.Default.ImageDocument);
        foreach (var (name, text) in reply.Info)
        {
            json.WritePropertyName(name);
            using var document = JsonDocument.Parse(text); // a raw value would keep its own indentation
            document.RootElement.WriteTo(json);
        }

        json.WriteEndObject();
    }
}
