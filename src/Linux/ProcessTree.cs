using System.Globalization;
using System.Text;

namespace CriShim.Linux;

/// <summary>Who started whom, as /proc shows it (proc_tid_children(5)).</summary>
public static class ProcessTree
{
    /// <summary>
    /// All descendants there are at this moment, parents before their children. Those that are started meanwhile may be missed: ask
    /// until the answer has nothing new.
    /// </summary>
    public static IReadOnlyList<int> Descendants(int pid)
    {
        var found = new List<int>();
        AddChildren(pid, found);
        for (var i = 0; i < found.Count; i++)
        {
            AddChildren(found[i], found);
        }

        return found;
    }

    private static void AddChildren(int pid, List<int> found)
    {
        try
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
            {
                foreach (var child in ReadText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    found.Add(int.Parse(child, CultureInfo.InvariantCulture));
                }
            }
        }
        catch (IOException)
        {
            // It ended.
        }
    }

    private static string ReadText(string path)
    {
        using var file = Fd.Open(path, LibC.Files.O_RDONLY);
        var text = new StringBuilder();
        Span<byte> buffer = stackalloc byte[1024];
        for (var count = Fd.Read(file, buffer, path); count > 0; count = Fd.Read(file, buffer, path))
        {
            text.Append(Encoding.Latin1.GetString(buffer[..count]));
        }

        return text.ToString();
    }
}
