using CriShim.Linux;

namespace CriShim.Runtime.Tests.Linux;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-atomic-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void RemoveLeftovers_OfKilledWriters_LeavesAllElse()
    {
        string[] others = [".tmp", "a.json", "a.json.tmp", ".hidden"];
        foreach (var name in others.Append(".a.json.4711.15.tmp"))
        {
            File.WriteAllText(Path.Combine(_folder, name), "");
        }

        AtomicFile.RemoveLeftovers(_folder);

        Assert.Equal(others.Order(StringComparer.Ordinal), Directory.GetFiles(_folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
    }
}
