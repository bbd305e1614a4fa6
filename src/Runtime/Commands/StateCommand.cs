using System.Globalization;
using System.Text.Json;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;

namespace CriShim.Runtime.Commands;

internal static class StateCommand
{
    public static int Run(CommandContext context)
    {
        var id = CommandLine.Parse(context.Words, [], []).Require(1, 1, "state container-id")[0];
        var state = context.Store.Load(id);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            Write(writer, state, StatusOf(context.Store, state));
        }

        stream.WriteByte((byte)'\n');
        CommandLog.Print(stream.ToArray());
        return 0;
    }

    /// <summary>created, running, paused or stopped.</summary>
    public static string StatusOf(StateStore store, ContainerState state)
    {
        var status = store.StatusOf(state);
        return status == "running" && ContainerCgroup.Open(state).IsFrozen() ? "paused" : status;
    }

    public static string CreatedText(ContainerState state) => DateTimeOffset.UnixEpoch.AddTicks(state.Created / 100)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    public static void Write(Utf8JsonWriter writer, ContainerState state, string status)
    {
        writer.WriteStartObject();
        writer.WriteString("ociVersion", Spec.CurrentVersion);
        writer.WriteString("id", state.Id);
        writer.WriteNumber("pid", status == "stopped" ? 0 : state.Pid);
        writer.WriteString("status", status);
        writer.WriteString("bundle", state.BundlePath);
        writer.WriteString("rootfs", state.Rootfs);
        writer.WriteString("created", CreatedText(state));
        if (state.Annotations is { Count: > 0 } annotations)
        {
            writer.WriteStartObject("annotations");
            foreach (var (name, value) in annotations)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }

        writer.WriteString("owner", "root");
        writer.WriteEndObject();
    }
}
