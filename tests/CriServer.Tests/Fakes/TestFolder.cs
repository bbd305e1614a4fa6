using CriShim.Linux;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A temporary folder that goes with the test, whatever was unpacked in it.</summary>
internal sealed class TestFolder : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("crishim-test-").FullName;

    public string this[string name] => Path.Combine(FullPath, name);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => FolderTree.Remove(FullPath);
}
