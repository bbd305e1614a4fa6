using CriShim.Cgroups;
using CriShim.Linux;

namespace CriShim.Runtime.Tests.Fakes;

/// <summary>A cgroup that notes writes in their order, answers as told, and has the files that a test gives it.</summary>
internal sealed class RecordingFolder : ControlFolder, IDisposable
{
    private readonly Dictionary<string, Queue<Errno>> _answers = [];

    public RecordingFolder()
        : base(Directory.CreateTempSubdirectory("crishim-test-").FullName)
    {
    }

    /// <summary>"file=value" in the order written, refused writes too, with "!ERRNO".</summary>
    public List<string> Writes { get; } = [];

    public RecordingFolder With(string file, string content)
    {
        File.WriteAllText(FilePath(file), content);
        return this;
    }

    /// <summary>The next writes to the file are answered so; later ones succeed.</summary>
    public RecordingFolder Answering(string file, params Errno[] answers)
    {
        _answers[file] = new Queue<Errno>(answers);
        return this;
    }

    public override Errno TryWrite(string file, string value)
    {
        var answer = _answers.TryGetValue(file, out var queue) && queue.Count > 0 ? queue.Dequeue() : Errno.None;
        Writes.Add($"{file}={value}" + (answer == Errno.None ? "" : $"!{answer}"));
        return answer;
    }

    public override void WriteEach(string file, IReadOnlyList<string> values)
    {
        foreach (var value in values)
        {
            Write(file, value);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
