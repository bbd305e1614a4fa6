using System.Text;
using System.Text.Json;
using CriShim.Runtime.Containers;

namespace CriShim.Runtime.Commands;

internal static class ListCommand
{
    private const int ColumnGap = 4;

    public static int Run(CommandContext context)
    {
        var line = CommandLine.Parse(context.Words, ["quiet,q"], ["format,f"]);
        var states = context.Store.List();
        if (line.Has("quiet"))
        {
            CommandLog.Print(string.Concat(states.Select(state => state.Id + "\n")));
            return 0;
        }

        switch (line.Get("format") ?? "table")
        {
            case "table":
                CommandLog.Print(Table(context.Store, states));
                return 0;
            case "json":
                CommandLog.Print(Json(context.Store, states));
                return 0;
            default:
                throw CommandLine.Wrong("invalid format option");
        }
    }

    private static byte[] Json(StateStore store, IReadOnlyList<ContainerState> states)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            foreach (var state in states)
            {
                StateCommand.Write(writer, state, StateCommand.StatusOf(store, state));
            }

            writer.WriteEndArray();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static string Table(StateStore store, IReadOnlyList<ContainerState> states)
    {
        List<string[]> rows = [["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]];
        foreach (var state in states)
        {
            var status = StateCommand.StatusOf(store, state);
            var pid = status == "stopped" ? 0 : state.Pid;
            rows.Add([state.Id, $"{pid}", status, state.BundlePath, StateCommand.CreatedText(state), "root"]);
        }

        var text = new StringBuilder();
        foreach (var row in rows)
        {
            for (var column = 0; column < row.Length; column++)
            {
                var width = column == row.Length - 1 ? 0 : rows.Max(other => other[column].Length) + ColumnGap;
                text.Append(row[column].PadRight(width));
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
