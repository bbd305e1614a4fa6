namespace CriShim.TestKit;

/// <summary>A folder of a test's own, removed with all in it.</summary>
public sealed class TempFolder : IDisposable
{
    public TempFolder(string prefix = "crishim-test-") => Path = Directory.CreateTempSubdirectory(prefix).FullName;

    public string Path { get; }

    public string Combine(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose() => Command.Run("rm", "-rf", "--one-file-system", Path);
}
