using System.Text.Json;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Containers;

/// <summary>A <see cref="State"/> as JSON, without the serializer's start-up time.</summary>
internal static class StateWriter
{
    public static byte[] Write(State state, bool indented = false)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = indented }))
        {
            writer.WriteStartObject();
            WriteMembers(writer, state);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    public static void WriteMembers(Utf8JsonWriter writer, State state)
    {
        writer.WriteString("ociVersion", state.OciVersion);
        writer.WriteString("id", state.Id);
        writer.WriteString("status", state.Status);
        if (state.Pid is { } pid)
        {
            writer.WriteNumber("pid", pid);
        }

        writer.WriteString("bundle", state.Bundle);
        if (state.Annotations is { } annotations)
        {
            writer.WriteStartObject("annotations");
            foreach (var (name, value) in annotations)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }
    }
}
