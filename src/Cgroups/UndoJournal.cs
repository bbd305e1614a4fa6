using CriShim.Linux;

namespace CriShim.Cgroups;

/// <summary>
/// What control files said before they were written, so that a change of several settings is whole or not at all. Each setting was valid
/// beside the others as they then were: undone in reverse order, each is again.
/// </summary>
internal sealed class UndoJournal
{
    private readonly Stack<(ControlFolder Folder, string File, string Value)> _before = new();

    /// <param name="text">The file's text before.</param>
    /// <param name="written">What was then written.</param>
    public void Add(ControlFolder folder, string file, string text, string written) => _before.Push((folder, file, Before(file, text, written)));

    /// <summary>Puts everything back as far as the kernel lets; what it refuses stays.</summary>
    public void Undo()
    {
        while (_before.TryPop(out var entry))
        {
            entry.Folder.TryWrite(entry.File, entry.Value);
        }
    }

    /// <summary>A file of one value is written back whole; of one with a line per device or interface, the line with the same key is.</summary>
    private static string Before(string file, string text, string written)
    {
        var space = written.IndexOf(' ');
        if (space < 0 || file is "cpu.max")
        {
            // memory.oom_control: "oom_kill_disable 0", and lines that are not settings.
            return text.Length == 0 ? "\n" : text.Contains('\n') ? text.Split('\n')[0].Split(' ')[^1] : text;
        }

        var key = written[..(space + 1)];
        return text.Split('\n').FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) ?? key + Nothing(file);
    }

    /// <summary>What says of a key that nothing is set for it.</summary>
    private static string Nothing(string file) => file switch
    {
        "io.max" => "rbps=max wbps=max riops=max wiops=max",
        "io.weight" or "io.bfq.weight" => "default",
        "rdma.max" => "hca_handle=max hca_object=max",
        _ => "0",
    };
}

/// <summary>A cgroup's files, whose writes can be undone.</summary>
internal sealed class UndoableFolder(string path, UndoJournal journal) : ControlFolder(path)
{
    public override Errno TryWrite(string file, string value)
    {
        // Device rules are changed by files that cannot be read.
        var before = file.StartsWith("devices.", StringComparison.Ordinal) ? null : Read(file);
        var errno = base.TryWrite(file, value);
        if (errno == Errno.None && before is not null)
        {
            journal.Add(new ControlFolder(Path), file, before, value);
        }

        return errno;
    }

    public override void WriteEach(string file, IReadOnlyList<string> values)
    {
        foreach (var value in values)
        {
            Write(file, value);
        }
    }
}
